"""MLflow's only door. Imported by our child processes alone; the service never has mlflow in its process."""
