import pandas as pd
import torch
from lightning import LightningDataModule
from torch.utils.data import DataLoader, TensorDataset, random_split


class TableDataModule(LightningDataModule):
    def __init__(self, path, batch_size):
        super().__init__()
        self.batch_size = batch_size
        table = pd.read_csv(path).dropna()
        y = torch.tensor((table.pop("again") == "yes").to_numpy(), dtype=torch.long)
        X = pd.get_dummies(table, dtype=float)
        X = torch.tensor(((X - X.mean()) / X.std()).to_numpy(), dtype=torch.float32)
        parts = random_split(TensorDataset(X, y), [0.7, 0.1, 0.2], torch.Generator().manual_seed(0))
        self.train, self.val, self.test = parts

    def train_dataloader(self):
        return DataLoader(self.train, self.batch_size, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.val, self.batch_size)

    def test_dataloader(self):
        return DataLoader(self.test, self.batch_size)
