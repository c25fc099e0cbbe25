# Targets and checks of the template alone; a scaffolded project has none of them.
# What the group `template` of engine/pyproject.toml needs beyond requirements.lock.
LOCK_scaffold := $(NO_NCCL) --config-file engine/uv.toml --group engine/pyproject.toml:template

lint: lint-engine

lint-engine: $(READY)  ## check the direction of imports and the workflows
	@lint-imports --config engine/pyproject.toml
	@actionlint && zizmor --quiet --offline .github

bench: $(READY)  ## measure speed and memory beside peers, in one run
	@python -m bench

bench-quality: $(READY)  ## measure quality per minute beside AutoGluon and FLAML (hours; docs/quality.md)
	@python -m bench.quality

bench-serve: $(READY)  ## measure the server beside others, then under ten minutes of load (docs/serving-benchmarks.md)
	@python -m bench.serve.soak && python -m bench.serve

bench-monitor: $(READY)  ## plant drift, and measure who finds it beside Evidently and NannyML (docs/monitoring-benchmarks.md)
	@python -m bench.monitor

.PHONY: lint-engine bench bench-quality bench-serve bench-monitor
