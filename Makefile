# Every target sets up what it needs, once; the second run starts at once.
.DEFAULT_GOAL := help
.PHONY: help serve demo bench chaos fuzz test check format reference lock

PYTHON ?= python3
BIN := .venv/bin

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

serve: .venv/server ## run the server (settings: VIVAVOCE_* in the environment)
	@$(BIN)/vivavoce serve

demo: .venv/server .cache/speech/ready ## start a server, stream a recording to it, watch the captions grow
	@$(BIN)/python tools/demo.py

bench: .venv/dev .cache/speech/ready ## measure a server, write bench/RESULTS.md (ARGS="--peer whisperlive" for more)
	@$(BIN)/vivavoce bench --all --results bench/RESULTS.md $(ARGS)

chaos: .venv/dev .cache/speech/ready ## cut connections, kill servers, compare (ARGS="kills 20 --seed 7" for more)
	@PYTHONPATH=tests $(BIN)/python bench/chaos.py $(or $(ARGS),cuts)

test: .venv/dev .cache/speech/ready ## run all tests, two files at a time (ARGS="-k words" to choose, ARGS="-n 0" for one)
	@$(BIN)/pytest --numprocesses 2 --dist loadfile $(ARGS)

fuzz: .venv/fuzz .cache/speech/ready ## look for bad input that breaks a promise (ARGS="sockets --messages 1000000")
	@cd tests && ../$(BIN)/python -m fuzz $(or $(ARGS),--help)

check: .venv/dev ## formatter, linter, strict types, import rules, house rules, known vulnerabilities
	@tools/check

format: .venv/dev ## let the formatter and the linter mend what they can
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

reference: .venv/dev ## write the generated pages of docs/ anew
	@$(BIN)/python tools/reference.py

lock: .venv/dev ## pin the versions that are installed now
	@tools/lock > constraints.new && mv constraints.new constraints.txt

.venv/server: pyproject.toml constraints.txt tools/setup tools/enhancer.txt
	@PYTHON=$(PYTHON) tools/setup server

.venv/dev: .venv/server
	@PYTHON=$(PYTHON) tools/setup dev

.venv/fuzz: .venv/dev
	@PYTHON=$(PYTHON) tools/setup fuzz

.cache/speech/ready: tools/speech.txt tools/fetch_speech.py | .venv/server
	@$(BIN)/python tools/fetch_speech.py
