# `make help` lists what there is. Needs GNU make, /bin/sh and Python 3.11 or newer; uses uv where it is on PATH.
# Every target first makes .venv, or renews it where pyproject.toml or constraints.txt are newer.

PYTHON      ?=
PYTEST_ARGS ?=
WORKERS     ?= logical

VENV     := .venv
PY       := $(VENV)/bin/python
CORE     := $(VENV)/.installed-core
NOTEBOOK := $(VENV)/.installed-notebook
DEV      := $(VENV)/.installed-dev

# The gates with a core of their own to spare run beside the ones that take long, which show how far they are.
GATES        := check-format check-lint check-tests check-notebooks
BESIDE       := check-types check-imports check-docs
QUICK_GATES  := check-format check-lint check-quick-tests
QUICK_BESIDE := check-types check-imports

# A file of tests, or a notebook, stays in one process: what its fixtures start, a daemon or a browser, is started once.
SPREAD := -n $(WORKERS) --dist loadfile

# What the file browser of JupyterLab does not list: what the documentation is made of besides the lessons. Links to it work.
HIDDEN := $(foreach glob,__pycache__ *.py *.css *.js images reference reference.md index.md,--ContentsManager.hide_globs='$(glob)')
LAB_OPTIONS ?=

WIDGETS_JS := @jupyter-widgets/html-manager@1.0.15

.NOTPARALLEL:
.SUFFIXES:
.PHONY: help demo lab lite lite-check test quick bench bench-smtp performance prove fuzz docs notebooks screenshots format constraints
.PHONY: clean
.PHONY: $(GATES) $(BESIDE) check-quick-tests

help:
	@echo 'make demo         show what happens to the sample mail of a small company, and why'
	@echo 'make lab          open the first lesson in JupyterLab'
	@echo 'make test         run every check: format, lint, types, imports, tests, notebooks, docs'
	@echo 'make quick        the checks of a minute: format, lint, types, imports, tests that are not slow'
	@echo 'make bench        run the benchmarks (make bench-smtp: the one of live SMTP alone)'
	@echo 'make performance  run the benchmarks and write notebooks/performance.md from them (a quiet machine, half an hour)'
	@echo 'make prove        try to break every answer that was proved, with 20,000 random mails'
	@echo 'make fuzz         look for octets that break a reader, FUZZ_SECONDS=60 for each law (needs Python 3.11)'
	@echo 'make lite         build the lessons that run in a browser alone into build/lite (needs npm)'
	@echo 'make lite-check   run all of these lessons in Chromium, with the network cut'
	@echo 'make docs         build the documentation into build/site'
	@echo 'make notebooks    run the notebooks and save their outputs'
	@echo 'make screenshots  take the pictures of the documentation again (needs Chromium)'
	@echo 'make format       format the code and mend what ruff can mend'
	@echo 'make constraints  renew constraints.txt, the tested set of packages (needs uv)'
	@echo 'make clean        remove everything that make can make again, .venv too'

# ------------------------------------------------------------------ targets

demo: $(CORE)
	@$(VENV)/bin/sesreceive demo
	@echo '    make lab                                   the first lesson, in JupyterLab'

lab: $(NOTEBOOK)
	@$(PY) -c 'import jupyterlab' 2>/dev/null || { \
	  echo 'make lab: JupyterLab is not in $(VENV); run `make clean`, then `make lab` again' >&2; exit 1; }
	@mkdir -p $(VENV)/share/jupyter/lab/settings
	@echo '{"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false}}' \
	  > $(VENV)/share/jupyter/lab/settings/overrides.json
	@if [ "$$(id -u)" = 0 ]; then set -- --allow-root; fi; \
	  exec $(PY) -m jupyterlab "$$@" $(HIDDEN) $(LAB_OPTIONS) notebooks/01-first-steps.ipynb

test: $(DEV)
	@$(call run_gates,test,$(GATES),$(BESIDE))

quick: $(DEV)
	@$(call run_gates,quick,$(QUICK_GATES),$(QUICK_BESIDE))

# BENCH="pipeline auth" runs these alone.
BENCH ?=

bench: $(DEV)
	@$(PY) tests/benchmarks/run.py $(BENCH)

# Writes the page of the documentation from what it measures; wants a machine with nothing else to do.
performance: $(DEV)
	@$(PY) tests/benchmarks/run.py --page notebooks/performance.md

# Tries to break every answer that was proved, with random accounts and mails through the whole pipeline.
PROVE_MAILS ?= 20000

prove: $(DEV)
	@$(PY) -m tests.benchmarks.prove_hard --mails $(PROVE_MAILS)

bench-smtp: $(DEV)
	@$(PY) tests/benchmarks/bench_smtp.py

# An environment of its own: atheris is built for few versions of Python, and nothing else needs it.
FUZZ         ?=
FUZZ_SECONDS ?= 60
FUZZ_RUNS    ?= -1
FUZZ_PYTHON  ?= python3.11
FUZZ_PY      := build/fuzz-venv/bin/python

fuzz: build/fuzz-venv/.installed
	@$(FUZZ_PY) tests/fuzz/run.py $(FUZZ) --seconds $(FUZZ_SECONDS) --runs $(FUZZ_RUNS)

build/fuzz-venv/.installed: pyproject.toml constraints.txt tests/fuzz/requirements.txt
	@command -v $(FUZZ_PYTHON) >/dev/null 2>&1 || { \
	  echo 'make fuzz: needs $(FUZZ_PYTHON); name another as in: make fuzz FUZZ_PYTHON=/path/to/python3.11' >&2; exit 1; }
	@$(FUZZ_PYTHON) -m venv build/fuzz-venv
	@$(FUZZ_PY) -m pip install -qq --disable-pip-version-check -c constraints.txt -r tests/fuzz/requirements.txt -e ".[aws,cloudformation,terraform]"
	@touch $@

docs: $(DEV) build/html-manager
	@$(MAKE) --no-print-directory check-docs
	@echo 'make docs: open build/site/index.html'

# An environment of its own: nothing else needs JupyterLite. The widgets' packages in it are their JavaScript.
LITE_PY       := build/lite-venv/bin/python
LITE_PACKAGES := jupyterlite-core==0.8.6 jupyterlite-pyodide-kernel==0.8.6 jupyter-server jupyterlab-server jupyterlab-widgets anywidget
PYODIDE       := pyodide@314.0.6

lite: build/lite-venv/.installed build/pyodide
	@$(LITE_PY) notebooks/_lite.py --pyodide build/pyodide --work build/lite-work --output build/lite
	@echo 'make lite: python3 -m http.server --directory build/lite, then open http://localhost:8000/lab/index.html'

# Beyond the first lesson, which `make test` runs: Python begins anew for each, which takes a while.
lite-check: $(DEV)
	@$(PY) -m pytest -q tests/browser/lite_lessons.py

build/lite-venv/.installed: constraints.txt Makefile
	@$(find_python); rm -rf build/lite-venv; "$$python" -m venv build/lite-venv
	@$(LITE_PY) -m pip install -qq --disable-pip-version-check -c constraints.txt $(LITE_PACKAGES)
	@touch $@

# Core of Python for browsers; the version is the one that the kernel names, which notebooks/_lite.py checks.
build/pyodide:
	@command -v npm >/dev/null 2>&1 || { echo 'make lite: needs npm (Debian: apt install npm)' >&2; exit 1; }
	@rm -rf build/pyodide-npm && mkdir -p build/pyodide-npm
	@cd build/pyodide-npm && npm pack --silent --fetch-retries=1 $(PYODIDE) >/dev/null && tar -xzf ./*.tgz \
	  || { echo 'make lite: npm gave no $(PYODIDE); a first build needs a package registry' >&2; exit 1; }
	@mv build/pyodide-npm/package $@ && rm -rf build/pyodide-npm

notebooks: $(DEV)
	@$(PY) -m nbconvert --to notebook --execute --inplace --ExecutePreprocessor.record_timing=False notebooks/*.ipynb

screenshots: $(DEV)
	@$(PY) tests/browser/screenshots.py

format: $(DEV)
	@$(PY) -m ruff check --fix --quiet || true
	@$(PY) -m ruff format

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis tests/.cache
	find sesreceive tests notebooks datasets -name __pycache__ -prune -exec rm -rf {} +

# ------------------------------------------------------------------ gates

# Runs all gates even when one fails, and names the failed ones at the end. What the gates of $(3) say, which run
# meanwhile, is shown when the others are done.
run_gates = failed=; beside=; logs=$$(mktemp -d); \
	trap 'kill $$beside 2>/dev/null; rm -rf "$$logs"; exit 130' INT TERM; \
	for gate in $(3); do \
	  { $(MAKE) --no-print-directory "$$gate" >"$$logs/$$gate" 2>&1 && touch "$$logs/$$gate.passed"; } & beside="$$beside $$!"; \
	done; \
	for gate in $(2); do $(MAKE) --no-print-directory "$$gate" || failed="$$failed $${gate\#check-}"; done; \
	wait; \
	for gate in $(3); do \
	  cat "$$logs/$$gate"; [ -f "$$logs/$$gate.passed" ] || failed="$$failed $${gate\#check-}"; \
	done; \
	rm -rf "$$logs"; \
	if [ -n "$$failed" ]; then echo "make $(1): failed:$$failed" >&2; exit 1; fi; \
	echo 'make $(1): every gate passed'

check-format: $(DEV)
	@echo '== format: ruff format --check (mend with `make format`)'
	@$(PY) -m ruff format --check

check-lint: $(DEV)
	@echo '== lint: ruff check'
	@$(PY) -m ruff check

check-types: $(DEV)
	@echo '== types: mypy --strict'
	@$(PY) -m mypy

check-imports: $(DEV)
	@echo '== imports: import-linter'
	@$(VENV)/bin/lint-imports --no-logo --no-cache

check-tests: $(DEV)
	@echo '== tests: pytest, with doctests'
	@$(PY) -m pytest $(SPREAD) $(PYTEST_ARGS)

check-quick-tests: $(DEV)
	@echo '== tests: pytest, with doctests, without slow, browser and network'
	@HYPOTHESIS_PROFILE=quick $(PY) -m pytest -q $(SPREAD) -m 'not slow and not browser and not network' $(PYTEST_ARGS)

# matplotlib talks on stderr while it builds its font cache for the first time, and strict nbval compares stderr.
check-notebooks: $(DEV)
	@echo '== notebooks: every cell again, every output compared'
	@$(PY) -c 'import matplotlib.pyplot' 2>/dev/null
	@$(PY) -m pytest $(SPREAD) --nbval --nbval-current-env --nbval-sanitize-with tests/nbval_sanitize.cfg \
	  --ignore-glob='*.py' notebooks

check-docs: $(DEV)
	@echo '== docs: mkdocs build --strict'
	@NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs --quiet build --strict

# ------------------------------------------------------------------ documentation: the renderer of saved widgets

# Without it the pages are built all the same, and say in place of a widget where to see it.
build/html-manager:
	@mkdir -p build/npm
	@if command -v npm >/dev/null 2>&1 \
	    && (cd build/npm && npm pack --silent --fetch-retries=0 --fetch-timeout=20000 $(WIDGETS_JS) >/dev/null \
	        && tar -xzf ./*.tgz package/dist) >/dev/null 2>&1; then \
	  mv build/npm/package/dist $@; \
	else \
	  echo 'make docs: no npm, or no package registry: widgets are left out of the pages'; \
	fi
	@rm -rf build/npm

# ------------------------------------------------------------------ .venv

# Whether .venv works, lies where it was made, and has the Python that was asked for.
new_enough = import sys; sys.exit(sys.version_info < (3, 11))
version    = import sys; print("%d.%d.%d" % sys.version_info[:3])
venv_fits  = $(PY) -c '$(new_enough)' 2>/dev/null \
	&& { [ ! -f $(VENV)/.place ] || [ "$$(cat $(VENV)/.place)" = "$$(pwd -P)" ]; } \
	&& { [ -z "$(PYTHON)" ] || [ "$$("$(PYTHON)" -c '$(version)' 2>/dev/null)" = "$$($(PY) -c '$(version)')" ]; } \
	&& { command -v uv || $(PY) -c 'import pip'; } >/dev/null 2>&1

ifeq ($(MAKELEVEL),0)
ifneq ($(wildcard $(VENV)),)
ifneq ($(shell $(venv_fits) && echo yes),yes)
$(shell rm -f $(CORE) $(NOTEBOOK) $(DEV))
endif
endif
endif

$(CORE): pyproject.toml constraints.txt
	@$(call install,,35 MB)
	@touch $(CORE)

$(NOTEBOOK): pyproject.toml constraints.txt
	@$(call install,[notebook],110 MB)
	@touch $(CORE) $(NOTEBOOK)

$(DEV): pyproject.toml constraints.txt
	@$(call install,[dev],more than 110 MB)
	@touch $(CORE) $(NOTEBOOK) $(DEV)

# Picks a Python: the one given, or the first that is new enough; leaves it in $python, or says what is wrong.
find_python = \
	if [ -n "$(PYTHON)" ]; then set -- "$(PYTHON)"; found='$(PYTHON) does not run'; \
	else set -- python3 python3.13 python3.12 python3.11 python3.14 python; found='none was found'; fi; \
	python=; \
	for candidate in "$$@"; do \
	  if "$$candidate" -c '$(new_enough)' 2>/dev/null; then python=$$candidate; break; fi; \
	  version=$$("$$candidate" -c '$(version)' 2>/dev/null) \
	    && found="$$candidate is $$version"; \
	done; \
	if [ -z "$$python" ] && ! { [ -z "$(PYTHON)" ] && command -v uv >/dev/null 2>&1; }; then \
	  echo "make: sesreceive needs Python 3.11 or newer, but $$found; install one, or name it as in: make demo PYTHON=/path/to/python3.12" >&2; \
	  exit 1; \
	fi

# Makes .venv where there is none that works, then installs the package with the extras of $(1) into it. $(2) is what a
# first install downloads for one Python, by `pip download` of the tested set. A terminal is shown how far it is.
install = set -e; \
	if ! { $(venv_fits); }; then \
	  $(find_python); \
	  rm -rf $(VENV); \
	  if command -v uv >/dev/null 2>&1; then \
	    uv venv --quiet --python "$${python:->=3.11}" $(VENV); \
	  elif ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	    echo "make: $$python cannot make virtual environments; install its venv package (Debian and Ubuntu: apt install python3-venv) or uv" >&2; \
	    exit 1; \
	  else \
	    "$$python" -m venv $(VENV); \
	  fi; \
	fi; \
	rm -f $(VENV)/.installed-*; \
	pwd -P > $(VENV)/.place; \
	pins=constraints.txt; \
	if $(PY) -c 'import sys; sys.exit(sys.version_info < (3, 15))'; then \
	  pins=/dev/null; \
	  echo 'make: this Python is newer than the tested set in constraints.txt, so the newest releases are installed'; \
	fi; \
	echo 'make: installing sesreceive$(1) into $(VENV); what is not in the cache yet is downloaded, $(2) in all'; \
	if [ -t 2 ]; then loud=; else loud=no; fi; \
	if command -v uv >/dev/null 2>&1; then \
	  set -- uv pip install $${loud:+--quiet} --python $(PY) --compile-bytecode --build-constraints $$pins; \
	else \
	  set -- env PIP_CONSTRAINT=$$pins PIP_BUILD_CONSTRAINT=$$pins $(PY) -m pip install $${loud:+-qq} --disable-pip-version-check; \
	fi; \
	"$$@" -c $$pins -e '.$(1)' || { \
	  echo 'make: installing failed for the reason above; a first install needs a package registry' >&2; exit 1; }

# ------------------------------------------------------------------ the tested set

# The oldest patch release decides, so that one set serves all. Three libraries are published as source only.
constraints:
	@command -v uv >/dev/null 2>&1 || { echo 'make constraints: needs uv on PATH' >&2; exit 1; }
	@{ sed -n '/^#/p' constraints.txt; printf '%s\n' setuptools wheel editables pyspark | \
	  uv pip compile --quiet --no-header --no-annotate --upgrade --python-version 3.11.0 --extra dev \
	    --only-binary :all: --no-binary pyspf --no-binary dkimpy --no-binary pytricia pyproject.toml -; } > constraints.new
	@mv constraints.new constraints.txt
