from sklearn.datasets import load_diabetes
from sklearn.preprocessing import PolynomialFeatures, scale

from sklearn_gd import GDLinearRegressorCV, TuningDisplay

X, y = load_diabetes(return_X_y=True)
X = scale(PolynomialFeatures(2, include_bias=False).fit_transform(X))
model = GDLinearRegressorCV(lrs=[0.001, 0.01, 0.1], max_iter=3000, cv=5).fit(X, y)
TuningDisplay.from_estimator(model, kind="curves")
