"""Callbacks for training frameworks, each a few lines around a TrainingLog; the frameworks are imported when asked for."""
