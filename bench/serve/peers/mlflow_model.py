"""Write the booster as an MLflow model: python mlflow_model.py FOLDER."""

import sys

import coded
import mlflow.xgboost

if __name__ == "__main__":
    mlflow.xgboost.save_model(coded.load(), sys.argv[1])
