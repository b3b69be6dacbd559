# Every target works on a fresh clone; ops/bootstrap.sh makes .venv first. PORT=9000 make demo, make test ARGS="-k word".
IN_VENV := ops/bootstrap.sh
ARGS ?=

.PHONY: help demo demo-reset test lint fmt assets screenshots bench clean

help: ## 显示这份说明
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## 启动演示（自带数据库与消息服务；PORT=9000 换端口；Ctrl-C 停止）
	@$(IN_VENV) python -m ops.demo

demo-reset: ## 删除演示数据，下次从头开始
	@$(IN_VENV) python -m ops.demo reset

test: ## 全部检查与测试，含浏览器测试；ARGS="tests/x.py -k y" 只跑一部分
	@$(IN_VENV) python -m ops.assets
	@ops/browser.sh $(if $(ARGS),optional,required)
	@$(IN_VENV) python -m pytest -n 2 --no-loadscope-reorder $(ARGS)

lint: ## 代码检查：ruff、格式、楼层
	@$(IN_VENV) ruff check .
	@$(IN_VENV) ruff format --check .
	@$(IN_VENV) lint-imports

fmt: ## 整理格式
	@$(IN_VENV) ruff check --fix .
	@$(IN_VENV) ruff format .

assets: ## 构建样式与脚本（static/dist）
	@$(IN_VENV) python -m ops.assets

screenshots: ## 重新截取 README 的图（自己做一个演示，截完删除；ARGS="login ledger" 只截几张）
	@$(IN_VENV) python -m ops.screenshots $(ARGS)

bench: ## 测速，与同一次运行的基准相比，数据自做自留；ARGS="--sizes 10000,100000 --only ledger"，删数据 ARGS=--drop
	@$(IN_VENV) python -m ops.bench $(ARGS)

clean: ## 删除可重新生成的文件（不动数据）
	rm -rf .venv node_modules static/dist staticfiles .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
