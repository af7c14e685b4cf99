"""What went wrong, as a person reads it: in both languages, with its place and the way out."""

from core.model.errors import Place, Problem, Text

TAKEN = Problem("taken", Text("the room is taken", "包厢已被占用"), fix=Text("choose another", "请另选包厢"))


def test_a_place_in_a_text_for_which_nothing_is_known_stays_as_it_is_written() -> None:
    text = Text("{room} is taken by {guest}", "{room} 已被 {guest} 占用")

    assert text.filled({"room": "V8"}) == Text("V8 is taken by {guest}", "V8 已被 {guest} 占用")


def test_a_problem_with_a_field_is_told_under_the_name_of_the_field() -> None:
    told = TAKEN.at(field="room")

    assert told.render() == "room: the room is taken\n  fix: choose another"
    assert told.render("zh") == "room: 包厢已被占用\n  改法：请另选包厢"


def test_a_problem_given_only_a_field_keeps_the_place_it_had() -> None:
    told = TAKEN.at(Place("plugin.yaml", 3, 5, "records.booking")).at(field="room")

    assert told.field == "room"
    assert told.render().splitlines()[0] == "plugin.yaml:3:5: the room is taken  [records.booking]"
