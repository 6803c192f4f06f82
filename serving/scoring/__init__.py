"""Facts to score to route: reference context, histories, models in force and on trial."""
