# A newcomer's first two commands are `make demo` and `make test`. Each sets up what it needs, once.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

# uv reads a folder of wheels under a name of its own. `make uv=` does without uv.
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
uv  = $(shell PATH="$$PATH:$(abspath $(BIN))" command -v uv)
pip = $(if $(uv),$(uv) pip install --python $(BIN)/python,$(BIN)/python -m pip install) --quiet --constraint constraints-dev.txt

# On Linux the ordinary wheel of torch carries several GB of CUDA. Without an NVIDIA GPU, and where no wheels were
# provided, PyTorch's own index of CPU wheels is asked first; where it cannot be reached the ordinary wheel will do.
ifeq ($(PIP_FIND_LINKS)$(shell command -v nvidia-smi),)
cpu = $(if $(uv),--torch-backend=cpu,--extra-index-url https://download.pytorch.org/whl/cpu)
endif
install = $(if $(cpu),$(pip) $(cpu) $(1) ||) $(pip) $(1)

# $(call debian,NAMES): the Debian packages that are missing; whoever may not install them is told what to run.
debian = (missing=; for name in $(1); do dpkg -s $$name >/dev/null 2>&1 || missing="$$missing $$name"; done; \
	[ -n "$$missing" ] || exit 0; \
	command -v apt-get >/dev/null || { echo "Please install what Debian calls$$missing"; exit 0; }; \
	sudo=; [ "$$(id -u)" = 0 ] || sudo="sudo -n"; \
	echo "Installing$$missing"; \
	{ $$sudo apt-get update && $$sudo env DEBIAN_FRONTEND=noninteractive \
	apt-get install --yes --no-install-recommends $$missing; } >/dev/null 2>&1 </dev/null || \
	echo "That did not work; please run: sudo apt-get install$$missing")

# Some systems set this; every run would then compile torch's sources anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test bench fuzz lint wheel clean
.DELETE_ON_ERROR:

setup: $(VENV)/.development

demo: $(VENV)/.runtime
	@$(BIN)/auditor demo

test: $(VENV)/.development
	$(BIN)/pytest -n auto

bench: $(VENV)/.development
	$(BIN)/pytest -s tests/benchmarks

fuzz: $(VENV)/.development
	$(BIN)/python -W ignore tests/fuzz/damage.py --seconds 600
	FUZZ_SECONDS=600 $(BIN)/pytest -s tests/fuzz/test_damaged_models.py

lint: $(VENV)/.development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

wheel: $(VENV)/.development
	$(BIN)/python -m build --wheel

clean:
	rm -rf $(VENV) build dist *.egg-info

$(BIN)/python:
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || $(call debian,python3-venv)
	$(PYTHON) -m venv --clear $(VENV)
	@[ -n "$(uv)" ] || $(BIN)/python -m pip install --quiet uv || echo "uv cannot be had: pip takes its place, more slowly"

$(VENV)/.runtime: pyproject.toml constraints-dev.txt | $(BIN)/python
	@$(call debian,libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0)
	$(call install,--editable .)
	@touch $@

# Some tests open the report in a browser.
$(VENV)/.development: $(VENV)/.runtime
	@command -v chromium || command -v google-chrome || $(call debian,chromium)
	$(call install,--editable '.[dev]')
	@$(pip) --no-deps rapidocr-onnxruntime==1.4.4 || echo "A model that one test tries is not to be had; the test is skipped"
	@touch $@
