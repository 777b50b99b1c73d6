"""Models learn and score here, and nowhere else: the only place that imports scipy, scikit-learn and xgboost."""
