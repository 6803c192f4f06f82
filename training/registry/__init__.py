"""MLflow's only door. Imported by `training.job` alone; the service never has mlflow in its process."""
