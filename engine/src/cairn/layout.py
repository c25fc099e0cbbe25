"""Where the stages read and write; dvc.yaml says which stage uses which."""

from pathlib import Path

COMPOSED = Path("data/interim/composed.txt")  # says that params.yaml is there; what ingest waits for
CODE = Path("data/interim/code")  # what each stage runs: STAGE.txt lists modules and packages
FEATURES_SQL = Path("data/interim/features.sql")
SOURCE = Path("data/source")  # a link to the user's own file, by which DVC sees that it changed
RAW = Path("data/raw")
TRUTH = Path("data/truth")
VALIDATION = Path("reports/validation")
VALIDATION_RESULTS = Path("reports/validation.json")
FEATURES = Path("data/interim/features.parquet")
SCHEMA = Path("data/interim/schema.json")
PROFILE = Path("reports/profile")
PROFILE_RESULTS = Path("reports/profile.json")
PARTS = Path("data/processed")
TRAIN = PARTS / "train.parquet"
VALID = PARTS / "validation.parquet"
TEST = PARTS / "test.parquet"
STUDIES = Path("models/studies")  # journals of searches, kept so that a killed search goes on; not versioned
LAST_STUDY = STUDIES / "finished.journal"  # what may be looked at, and begun with
TUNED = Path("models/tuned.json")
MEMBERS = Path("models/members")  # the fitted models of an ensemble; empty where one model is trained
SEARCH = Path("reports/search")
LEADERBOARD = Path("reports/leaderboard.md")
TRIALS = Path("reports/trials.json")
TRAINED = Path("models/trained")  # what `train` made; `card` makes it a model that may leave the house
HELD_OUT = Path("models/held_out.parquet")  # what the model said of rows that it had not seen
RULES = Path("reports/rules.json")
TRAINING = Path("reports/training")
METRICS = Path("reports/metrics.json")  # plain figures, which DVC lists and compares
EVALUATION = Path("reports/evaluation.json")  # all that was measured
SLICES = Path("reports/slices.json")
BIAS = Path("reports/bias.json")
PLOTS = Path("reports/plots")
EXPLANATIONS = Path("reports/explanations.json")
CONTRIBUTIONS = Path("reports/explanations")  # of every row explained, as Parquet
BASELINE = Path("models/baseline.json")  # what later rows are compared with
GATES = Path("reports/gates.json")
CARD = Path("reports/model_card.md")
MODEL = Path("models/model")  # what is promoted, served and fetched: the trained model, and its card
PAGE = Path("reports/index.html")
REPORTS = Path("reports")  # where `cairn monitor` writes these three, if it is told no other folder
MONITORING = REPORTS / "monitoring.json"
MONITORING_PAGE = REPORTS / "monitoring" / "index.html"
MONITORING_METRICS = REPORTS / "monitoring.prom"
