from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from sklearn_gd import GDLinearRegressor, LossCurveDisplay

X, y = load_diabetes(return_X_y=True)
X, X_val, y, y_val = train_test_split(X, y, random_state=0)
columns = PolynomialFeatures(2, include_bias=False)
model = make_pipeline(columns, StandardScaler(), GDLinearRegressor(tol=1150, max_iter=10**5))
model.fit(X, y)
LossCurveDisplay.from_estimator(model, X_val=X_val, y_val=y_val).ax_.set_ylim(1000, 5000)
