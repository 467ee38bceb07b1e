from sklearn_gd import FitDisplay, GDLinearRegressor

X, y = [[1.0], [2.0], [3.0], [4.0]], [3.0, 5.0, 7.5, 8.5]
model = GDLinearRegressor(lr=0.125, tol=0.1)
model.fit(X, y, coef_init=[0.5], intercept_init=-1.0)
FitDisplay.from_estimator(model, X, y).ax_.set_xlabel("x")
