from core.language.definition import Plugin
from core.model.errors import Text
from core.model.merge import MergePolicy
from tests.core.language.bench import Faults, Load


def test_a_record_has_its_own_table_and_name_on_the_wire(load: Load) -> None:
    room = load("records: {room: {label: {en: Room, zh: 包房}}}").records["room"]
    assert (room.key, room.table, room.label) == ("shop.room", "shop_room", Text("Room", "包房"))


def test_a_name_core_has_means_add_to_it(load: Load) -> None:
    plugin = load("""
records:
  staff:
    fields: {rank: {type: int, min: 1, max: 5, label: {en: Rank, zh: 级别}}}
    actions: {promote: {by: chief, ask: [rank], label: {en: Promote, zh: 晋升}}}
  breach:
    label: {en: Breach, zh: 违规}
    fields: {who: {type: ref, to: staff, label: {en: Who, zh: 谁}}, rank: {type: int, value: =self.who.rank, label: {en: Rank, zh: 级别}}}
""")
    assert set(plugin.records) == {"breach"}
    added = plugin.additions["core.staff"]
    assert (added.key, set(added.fields), set(added.actions)) == ("core.staff", {"rank"}, {"promote"})


def test_adding_is_not_changing(faults: Faults) -> None:
    faults("""
records:
  staff:
    label: {en: People, zh: 人}  # <- changes-others-record
    sync: {home: hq}  # <- changes-others-record
    fields: {name: {type: text, label: {en: Name, zh: 姓名}}}  # <- changes-others-field
    by: chief
    actions:
      hire: {from: new}  # <- changes-others-record
""")


def test_a_name_of_the_houses_own_books_is_free_for_a_record_of_ones_own(load: Load, core: Plugin) -> None:
    assert core.records["request"].sealed
    plugin = load("""
records:
  request:
    label: {en: Service request, zh: 报修}
    fields: {text: {type: text, label: {en: Text, zh: 内容}}}
  visit:
    label: {en: Visit, zh: 上门}
    fields: {request: {type: ref, to: request, label: {en: Request, zh: 报修}}, text: {type: text, value: =self.request.text, label: {en: Text, zh: 内容}}}
""")
    assert plugin.records["visit"].fields["request"].spec.to == "shop.request"


def test_labels_are_needed(faults: Faults) -> None:
    faults("""
plugin: shop  # <- label-missing
version: 1.0.0
roles:
  desk: {label: {en: D, zh: 前}}
  cook: {}  # <- label-missing
settings:
  cap: {type: int, default: 1}  # <- label-missing
ledgers:
  credit: {account: staff, unit: x}  # <- label-missing
records:
  room: {by: desk}  # <- label-missing
scorecards:
  card:  # <- label-missing
    every: {month: {for: staff}}
    items: {care: {weight: 100, by: desk}}
""")


def test_fields_and_actions_without_a_label_are_warned_of(faults: Faults) -> None:
    faults("""
records:
  room:
    label: {en: Room, zh: 包房}
    by: desk
    fields:
      seats: {type: int}  # ~ label-derived
    actions:
      open: {from: new}  # ~ label-derived
""")


def test_named_parts_without_a_label_are_warned_of(faults: Faults) -> None:
    faults("""
settings:
  steps: {type: map, default: {first: 1}, label: {en: Steps, zh: 步骤}}  # ~ label-derived
records:
  room:
    label: {en: Room, zh: 包房}
    by: desk
    fields:
      size:
        type: map
        of:
          width: {type: int}  # ~ label-derived
          depth: int  # ~ label-derived
        label: {en: Size, zh: 尺寸}
      drinks:
        type: list
        of:
          name: {type: text, label: {en: Name, zh: 名称}}
          qty: {type: int}  # ~ label-derived
        label: {en: Drinks, zh: 酒水}
    actions:
      open:
        from: new
        ask:
          - note:
              type: map
              of:
                who: {type: text}  # ~ label-derived
              label: {en: Note, zh: 备注}
        label: {en: Open, zh: 开房}
""")


def test_a_derived_label_is_the_key_in_words(load: Load) -> None:
    room = load("records: {room: {label: {en: Room, zh: 包房}, fields: {min_spend: {type: money}}}}").records["room"]
    assert room.fields["min_spend"].label == Text("Min spend", "Min spend")


def test_types_and_their_limits(faults: Faults) -> None:
    faults("""
records:
  room:
    label: {en: Room, zh: 包房}
    fields:
      a: {type: txt, label: {en: A, zh: 甲}}  # <- unknown-type
      b: {type: ref, label: {en: B, zh: 乙}}  # <- missing-key
      c: {type: ref, to: sttaff, label: {en: C, zh: 丙}}  # <- unknown-record
      d: {type: enum, label: {en: D, zh: 丁}}  # <- missing-key
      e: {type: enum, of: {x: {en: X}}, label: {en: E, zh: 戊}}  # <- missing-language
      f: {type: enum, of: room.g, label: {en: F, zh: 己}}  # <- unknown-field
      g: {type: int, to: staff, label: {en: G, zh: 庚}}  # <- needless-key
      h: {type: int, of: text, label: {en: H, zh: 辛}}  # <- needless-key
      i: {type: int, min: 5, max: 1, label: {en: I, zh: 壬}}  # <- min-above-max
      j: {type: int, min: few, label: {en: J, zh: 癸}}  # <- bad-limit
      k: {type: map, of: text, label: {en: K, zh: 子}}  # <- wrong-shape
      id: {type: text, label: {en: Id, zh: 号}}  # <- reserved-name
  store: {label: {en: Store, zh: 店}}  # <- reserved-name
""")


def test_an_enum_may_share_the_options_of_another(load: Load) -> None:
    fields = (
        load("""
records:
  account:
    label: {en: Account, zh: 客户}
    fields:
      next: {type: enum, of: account.tier, label: {en: Next, zh: 下一级}}
      tier: {type: enum, of: {key: {en: Key, zh: 重点}}, label: {en: Tier, zh: 级别}}
      last: {type: enum, of: tier, label: {en: Last, zh: 上一级}}
""")
        .records["account"]
        .fields
    )
    assert fields["next"].spec.options == fields["last"].spec.options == {"key": Text("Key", "重点")}


def test_lists_and_maps_may_spell_out_their_parts(load: Load) -> None:
    fields = (
        load("""
records:
  card:
    label: {en: Card, zh: 卡}
    fields:
      lines: {type: list, of: {item: text, price: {type: money, required: true}}, label: {en: Lines, zh: 明细}}
      tags:  {type: list, of: text, label: {en: Tags, zh: 标签}}
      place: {type: map, of: {floor: int}, label: {en: Place, zh: 位置}}
      total: {type: int, value: =self.place.floor, label: {en: Total, zh: 合计}}
""")
        .records["card"]
        .fields
    )
    item = fields["lines"].spec.item
    assert item
    assert item.parts
    assert item.parts["price"].type == "money"
    assert fields["tags"].spec.item == fields["tags"].spec.item


def test_a_merge_policy_fits_its_field(load: Load, faults: Faults) -> None:
    found = faults("""
records:
  room:
    label: {en: Room, zh: 包房}
    fields:
      a: {type: bool, merge: union, label: {en: A, zh: 甲}}  # <- merge-does-not-fit
      b: {type: text, merge: biggest, label: {en: B, zh: 乙}}  # <- unknown-merge
      c: {type: int, merge: sum, label: {en: C, zh: 丙}}
      d: {type: text, merge: append, label: {en: D, zh: 丁}}
""")
    assert len(found) == 2
    fields = (
        load("records: {room: {label: {en: R, zh: 房}, fields: {n: {type: text, merge: append}, p: {type: images}}}}")
        .records["room"]
        .fields
    )
    assert fields["n"].merge is MergePolicy.APPEND
    assert fields["p"].merge is MergePolicy.UNION


def test_a_computed_field_has_no_column_and_nothing_that_needs_one(faults: Faults) -> None:
    faults("""
records:
  room:
    label: {en: Room, zh: 包房}
    fields:
      a: {type: int, value: 1, unique: true, label: {en: A, zh: 甲}}  # <- computed-and-stored
      b: {type: int, value: 1, default: 2, label: {en: B, zh: 乙}}  # <- computed-and-stored
""")


def test_a_record_for_every_subject_and_period(load: Load, faults: Faults) -> None:
    every = (
        load("""
records:
  plan:
    label: {en: Plan, zh: 计划}
    every: {month: {for: staff, where: '"desk" in staff.roles', with: {owner: =staff, month: =period.start}}}
    fields: {owner: {type: ref, to: staff, label: {en: O, zh: 人}}, month: {type: date, label: {en: M, zh: 月}}}
""")
        .records["plan"]
        .every
    )
    assert every
    assert (every.period, every.subject, set(every.values)) == ("month", "core.staff", {"owner", "month"})
    faults("""
records:
  plan:
    label: {en: Plan, zh: 计划}
    every:
      month:
        for: stuff  # <- unknown-record
  list:
    label: {en: List, zh: 单}
    every:
      month:
        for: staff
        with: {owner: =staff}  # <- unknown-field
""")


def test_who_reads_what(load: Load, faults: Faults) -> None:
    head = """
records:
  guest:
    label: {en: Guest, zh: 客人}
    fields: {name: {type: text, label: {en: Name, zh: 姓名}}, owner: {type: ref, to: staff, label: {en: Owner, zh: 负责人}}}
"""
    read = (
        load(
            head
            + """
    read:
      desk: {}
      chief: {where: self.owner == me, mask: {name: not has(self.owner)}, hide: [owner], reveal: logged}
"""
        )
        .records["guest"]
        .read
    )
    assert read
    assert (read["chief"].hide, read["chief"].reveal, set(read["chief"].mask)) == ({"owner"}, True, {"name"})
    assert read["desk"].where is None
    faults(
        head
        + """
    read:
      dsk: {}  # <- unknown-role
      desk: {mask: [nmae], hide: owners}  # <- unknown-field
      chief: {mask: {nmae: true, name: [1]}}  # <- unknown-field wrong-shape
      store_admin: {mask: name}  # <- wrong-shape
    sync: {hide: [nmae], keep: long}  # <- unknown-field bad-duration
"""
    )


def test_a_state_is_over_when_nothing_leads_on_from_it_or_the_plugin_says_so(load: Load) -> None:
    booking = load("""
records:
  booking:
    label: {en: Booking, zh: 订房}
    states: {held: {en: Held, zh: 保留}, released: {en: Released, zh: 已取消, over: true}, seated: {en: Seated, zh: 已入座}}
    by: desk
    actions:
      hold:    {from: new, to: held, label: {en: Hold, zh: 保留}}
      release: {from: held, to: released, label: {en: Release, zh: 取消}}
      seat:    {from: [held, released], to: seated, label: {en: Seat, zh: 入座}}
""").records["booking"]

    assert booking.states["released"].say("zh") == "已取消"
    assert [state for state in booking.states if booking.is_over(state)] == ["released", "seated"]
