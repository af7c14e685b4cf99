from pathlib import Path

import pytest

from core.language import compile_plugin
from core.language.definition import Plugin
from core.model.errors import DefinitionError
from tests.core.language.bench import Faults


def test_required_plugins_are_there_in_a_version_that_fits(faults: Faults) -> None:
    faults("""
plugin: shop
version: first  # <- bad-version
label: {en: Shop, zh: 门店}
requires:
  core: ^2  # <- version-out-of-range
  crm: ^1  # <- unknown-plugin
""")


def test_a_range_nobody_understands_is_refused(faults: Faults) -> None:
    faults("""
plugin: shop
version: 1.0.0
label: {en: Shop, zh: 门店}
requires: {core: newest}  # <- bad-version
""")


def test_a_plugin_that_names_no_core_is_warned_of(faults: Faults) -> None:
    faults("""
plugin: shop  # ~ requires-core
version: 1.0.0
label: {en: Shop, zh: 门店}
""")


def test_a_required_plugin_lends_its_records_roles_and_ledgers(core: Plugin, tmp_path: Path) -> None:
    crm = _write(
        tmp_path / "crm",
        """
plugin: crm
version: 1.3.0
requires: {core: ^1}
label: {en: Customers, zh: 客户}
roles: {seller: {label: {en: Seller, zh: 销售}}}
ledgers: {points: {account: customer, unit: point, label: {en: Points, zh: 积分}}}
records:
  staff: {fields: {rank: {type: int, label: {en: Rank, zh: 级别}}}}
  customer: {label: {en: Customer, zh: 客户}, fields: {name: {type: text, label: {en: Name, zh: 姓名}}}}
""",
    )
    shop = _write(
        tmp_path / "shop",
        """
plugin: shop
version: 1.0.0
requires: {core: ^1, crm: ^1.2}
label: {en: Shop, zh: 门店}
records:
  customer: {fields: {size: {type: int, value: size(self.name), label: {en: Size, zh: 长}}}}
  sale:
    label: {en: Sale, zh: 销售}
    fields:
      customer: {type: ref, to: customer, required: true, label: {en: Customer, zh: 客户}}
      seller: {type: ref, to: staff, default: =me, label: {en: Seller, zh: 销售}}
      rank: {type: int, value: =self.seller.rank + self.customer.size, label: {en: Rank, zh: 级别}}
    by: seller
    actions: {sell: {from: new, ask: [customer], post: {points: {account: =self.customer, amount: 1}}, label: {en: Sell, zh: 卖}}}
""".replace("value: size(", "value: =size("),
    )
    base = {"core": core, "crm": compile_plugin(crm, {"core": core})}
    plugin = compile_plugin(shop, base)
    assert set(plugin.additions) == {"crm.customer"}
    assert plugin.records["sale"].fields["customer"].spec.to == "crm.customer"


def test_an_overlay_needs_its_plugin_in_a_version_that_fits(core: Plugin, tmp_path: Path) -> None:
    base = _write(
        tmp_path / "shop", "plugin: shop\nversion: 2.0.0\nrequires: {core: ^1}\nlabel: {en: Shop, zh: 门店}\n"
    )
    over = _write(tmp_path / "over", "plugin: shop.store_1\nversion: 1.0.0\nextends: shop@^1\n")
    plugins = {"core": core, "shop": compile_plugin(base, {"core": core})}
    assert _codes(over, plugins) == ["version-out-of-range"]
    assert _codes(over, {"core": core}) == ["unknown-plugin"]


def _codes(folder: Path, plugins: dict[str, Plugin]) -> list[str]:
    with pytest.raises(DefinitionError) as error:
        compile_plugin(folder, plugins)
    return [problem.code for problem in error.value.problems]


def _write(folder: Path, text: str) -> Path:
    folder.mkdir()
    (folder / "plugin.yaml").write_text(text, encoding="utf-8")
    return folder
