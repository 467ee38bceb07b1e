from sklearn_gd import GDLinearRegressor, LossSlopeDisplay

X, y = [[1.0], [2.0], [3.0], [4.0]], [3.0, 5.0, 7.5, 8.5]
model = GDLinearRegressor(lr=0.06, tol=0.19, fit_intercept=False)
model.fit(X, y, coef_init=[0.5])
LossSlopeDisplay.from_estimator(model, tangents=[0, 1, 2], symbols={"x0": "w"})
