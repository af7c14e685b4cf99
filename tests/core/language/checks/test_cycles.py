from tests.core.language.bench import Faults


def test_a_field_that_needs_itself_through_another_is_reported_with_the_way_round(faults: Faults) -> None:
    found = faults(
        """
records:
  order:
    label: {en: Order, zh: 订单}
    fields:
      net:   {type: int, value: =self.gross - self.tax, label: {en: Net, zh: 净额}}  # <- computed-cycle
      tax:   {type: int, value: =self.net / 10, label: {en: Tax, zh: 税}}
      gross: {type: int, default: 0, label: {en: Gross, zh: 总额}}
""".replace("=self.net / 10", "=int(self.net / 10)")
    )
    assert found[0].what.en == "the computed field needs itself: order.net -> order.tax -> order.net"


def test_a_cycle_may_run_through_references_and_aggregates(faults: Faults) -> None:
    faults("""
records:
  account:
    label: {en: Account, zh: 客户}
    fields:
      sales: {type: money, value: {sum: contract.share, where: contract.account == self}, label: {en: Sales, zh: 销售}}  # <- computed-cycle
  contract:
    label: {en: Contract, zh: 合同}
    fields:
      account: {type: ref, to: account, required: true, label: {en: Account, zh: 客户}}
      share:   {type: money, value: =self.account.sales, label: {en: Share, zh: 份额}}
""")


def test_blank_reads_the_fields_it_names(faults: Faults) -> None:
    faults("""
records:
  form:
    label: {en: Form, zh: 表单}
    fields:
      name:    {type: text, label: {en: Name, zh: 姓名}}
      missing: {type: list, of: text, value: '=blank(self, ["name", "missing"])', label: {en: Missing, zh: 缺项}}  # <- computed-cycle
""")


def test_many_fields_may_use_one_another_without_a_circle(faults: Faults) -> None:
    faults("""
records:
  order:
    label: {en: Order, zh: 订单}
    fields:
      a: {type: int, default: 1, label: {en: A, zh: 甲}}
      b: {type: int, value: =self.a + 1, label: {en: B, zh: 乙}}
      c: {type: int, value: =self.a + self.b, label: {en: C, zh: 丙}}
      d: {type: int, value: [{when: self.b > 1, is: =self.c}, {is: =self.b}], label: {en: D, zh: 丁}}
""")
