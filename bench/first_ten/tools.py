"""What is compared: for each tool the commands to a first own result, where its guide tells them, and what is edited.

The edits are the fewest that were found, in the places that the tool has for them; written/ holds whole new files.
"""

from dataclasses import dataclass
from pathlib import Path

WRITTEN = Path(__file__).parent / "written"
SOURCES = ("cairn", "ccds", "kedro", "kedro-starters", "lightning-hydra-template")
GUIDES = ("kedro",)  # sources of which no project is made
# What the peers' environment holds: the tools, and what their made projects need for one run.
ENVIRONMENT = (
    "cookiecutter-data-science==2.3.0 loguru typer python-dotenv tqdm "
    "kedro==1.7.0 kedro-datasets[pandas,plotly,matplotlib] scikit-learn~=1.5.1 seaborn~=0.12.1 openpyxl "
    "torch lightning torchmetrics hydra-core==1.3.2 hydra-colorlog==1.2.0 rootutils rich"
)


@dataclass(frozen=True)
class Command:
    """What a person types.

    Parameters
    ----------
    typed : the command
    page : where the tool's guide tells it: `source: path`; empty if no guide is needed, as for `cd`
    told : words of that page; the section that holds them counts as read
    """

    typed: str
    page: str = ""
    told: str = ""


@dataclass(frozen=True)
class Edit:
    """In a file, what matches `found` becomes `written`; both as in re.sub, with `.` for line ends too."""

    path: str
    found: str
    written: str


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One way to a first own result.

    Parameters
    ----------
    title : what the report calls it
    template : of SOURCES, what the project is made from
    make : how it is made: `{environment}`, `{template}` and `{table}` are filled in
    commands : all that a person types
    questions : of the template, the JSON or YAML file whose keys are asked; empty: none
    answered : keys of it that a typed command answers
    target : the column to predict: `again` holds yes and no, `spent` a number
    table : of the made project, where the own table goes; empty: its place is an answer
    edits, added : what is written by hand: changes of files; and new files, as path and name in written/
    examples : files to read besides the edited ones, with the reason
    run : the last command without what sets up an environment
    figure : finds the figure in what `run` prints
    called : what the figure is
    """

    title: str
    template: str
    make: tuple[str, ...]
    commands: tuple[Command, ...]
    target: str
    run: tuple[str, ...]
    figure: str
    called: str
    questions: str = ""
    answered: tuple[str, ...] = ()
    table: str = ""
    edits: tuple[Edit, ...] = ()
    added: tuple[tuple[str, str], ...] = ()
    examples: tuple[tuple[str, str], ...] = ()


CAIRN = Tool(
    title="Cairn",
    template="cairn",
    make=(
        *("{environment}/bin/cookiecutter", "--no-input", "{template}", "project_name=Sales"),
        *("data=file", "data_path={table}", "target=again"),
    ),
    commands=(
        Command("uvx cookiecutter https://...", "cairn: README.md", "uvx cookiecutter"),
        Command("cd sales"),
        Command("make run", "cairn: README.md", "make run"),
    ),
    questions="cookiecutter.json",
    target="again",
    run=("bash", "-c", "dvc repro -q && cairn summary"),
    figure=r"roc_auc +([\d.]+)",
    called="ROC AUC, through the gates",
)

CCDS = Tool(
    title="cookiecutter-data-science",
    template="ccds",
    make=(
        *("{environment}/bin/ccds", "--no-input", "{template}", "project_name=sales"),
        *("python_version_number=3.11", "pydata_packages=basic"),
    ),
    commands=(
        Command("pipx install cookiecutter-data-science", "ccds: docs/docs/index.md", "pipx install"),
        Command("ccds", "ccds: docs/docs/index.md", "from the parent directory"),
        Command("cd sales"),
        Command("make create_environment", "ccds: docs/docs/using-the-template.md", "make create_environment"),
        Command("workon sales"),
        Command("make requirements", "ccds: docs/docs/using-the-template.md", "make requirements"),
        Command("cp ../table.csv data/raw/", "ccds: docs/docs/using-the-template.md", "`data/raw`"),
        Command(
            "python sales/modeling/train.py --features-path data/raw/table.csv",
            *("ccds: docs/docs/index.md", "Code to train models"),
        ),
    ),
    questions="ccds.json",
    target="again",
    table="data/raw/table.csv",
    edits=(
        Edit(
            "sales/modeling/train.py",
            r"\n    # -+ REPLACE THIS .*?# -+\n",
            """
    table = pd.read_csv(features_path)
    X, y = pd.get_dummies(table.drop(columns="again")), table["again"]
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, stratify=y, random_state=0)
    model = HistGradientBoostingClassifier().fit(X_train, y_train)
    logger.info(f"roc_auc {roc_auc_score(y_test, model.predict_proba(X_test)[:, 1]):.3f}")
    joblib.dump(model, model_path)
""",
        ),
        Edit(
            "sales/modeling/train.py",
            r"\A",
            """import joblib
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
""",
        ),
    ),
    run=(
        *("env", "PYTHONPATH=.", "{environment}/bin/python", "sales/modeling/train.py"),
        *("--features-path", "data/raw/table.csv"),
    ),
    figure=r"roc_auc ([\d.]+)",
    called="ROC AUC",
)

KEDRO = Tool(
    title="Kedro, spaceflights",
    template="kedro-starters",
    make=(
        *("{environment}/bin/kedro", "new", "--starter={template}", "--directory=spaceflights-pandas"),
        "--name=sales",
    ),
    commands=(
        Command(
            "uvx kedro new --starter spaceflights-pandas --name sales",
            *("kedro: docs/getting-started/install.md", "uvx kedro new --starter spaceflights-pandas"),
        ),
        Command("cd sales"),
        Command("cp ../table.csv data/01_raw/", "kedro: docs/tutorials/set_up_data.md", "must be registered"),
        Command(
            "uv run kedro run --pipelines=data_science",
            *("kedro: docs/tutorials/add_another_pipeline.md", "kedro run --pipelines=data_science"),
        ),
    ),
    questions="spaceflights-pandas/prompts.yml",
    answered=("project_name",),
    target="spent",
    table="data/01_raw/table.csv",
    edits=(
        Edit(
            "conf/base/catalog.yml",
            r"(model_input_table:\n)[^\n]+\n[^\n]+",
            r"\1  type: pandas.CSVDataset\n  filepath: data/01_raw/table.csv",
        ),
        Edit(
            "conf/base/parameters_data_science.yml",
            r"(features:).*",
            r"\1\n    - age\n    - visits\n    - region\n    - channel\n",
        ),
        Edit(
            "src/sales/pipelines/data_science/nodes.py",
            r"(    X = )([^\n]+)",
            r"    data = data.dropna()\n\1pd.get_dummies(\2)",
        ),
        Edit("src/sales/pipelines/data_science/nodes.py", r'\["price"\]', '["spent"]'),
    ),
    run=("{environment}/bin/kedro", "run", "--pipelines=data_science"),
    figure=r"R\^2 of\s+(-?[\d.]+)",
    called="R²",
)

LIGHTNING = Tool(
    title="lightning-hydra-template",
    template="lightning-hydra-template",
    make=("git", "clone", "--quiet", "{template}", "sales"),
    commands=(
        Command(
            "git clone https://github.com/ashleve/lightning-hydra-template",
            *("lightning-hydra-template: README.md", "git clone https://github.com/ashleve"),
        ),
        Command("cd lightning-hydra-template"),
        Command("pip install -r requirements.txt", "lightning-hydra-template: README.md", "pip install -r"),
        Command("cp ../table.csv data/"),
        Command(
            "python src/train.py data=table model.net.input_size=11 model.net.output_size=2",
            *("lightning-hydra-template: README.md", "Write your PyTorch Lightning datamodule"),
        ),
    ),
    target="again",
    table="data/table.csv",
    edits=(
        Edit("src/models/mnist_module.py", "num_classes=10", "num_classes=2"),
        Edit(
            "src/models/components/simple_dense_net.py",
            r"        batch_size, [^\n]+\n.*?(?=        return self\.model)",
            "",
        ),
    ),
    added=(
        ("src/data/table_datamodule.py", "table_datamodule.py"),
        ("configs/data/table.yaml", "table.yaml"),
    ),
    examples=(
        ("src/data/mnist_datamodule.py", "the README's example of a datamodule"),
        ("configs/data/mnist.yaml", "the example of its configuration"),
        ("configs/model/mnist.yaml", "names the sizes that the command sets"),
    ),
    run=(
        # torch from 2.6 on refuses the template's own checkpoint without this
        *("env", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD=1", "{environment}/bin/python", "src/train.py", "data=table"),
        *("model.net.input_size=11", "model.net.output_size=2"),
    ),
    figure=r"test/acc\D+([\d.]+)",
    called="accuracy",
)

TOOLS = {"cairn": CAIRN, "ccds": CCDS, "kedro": KEDRO, "lightning": LIGHTNING}
