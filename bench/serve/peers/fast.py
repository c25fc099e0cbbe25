"""FastAPI as its documentation has it: each row checked by a model of Pydantic; JSON written by orjson."""

import coded
import orjson
from fastapi import FastAPI, Response
from pydantic import BaseModel, create_model

TYPES = {"number": float, "category": str, "boolean": bool}
Row = create_model("Row", **{name: (TYPES[kind], ...) for name, kind in coded.KINDS.items()})


class Asked(BaseModel):
    instances: list[Row]


app = FastAPI()
booster = coded.load()


@app.post("/predict")
async def predict(asked: Asked) -> Response:
    told = coded.answer(booster, [row.__dict__ for row in asked.instances])
    return Response(orjson.dumps(told), media_type="application/json")
