"""Fields: defaults, computed values, masks and merge policies."""

from __future__ import annotations

from dataclasses import replace

from core.language.compile.drafts import Blueprint
from core.language.compile.values import formula
from core.language.compile.workshop import Workshop
from core.language.definition import Field
from core.language.manifest.records import FieldShape
from core.language.source import KeyPath
from core.model.errors import Text, one_of
from core.model.fields import FieldSpec
from core.model.kinds import record_kind
from core.model.merge import MergePolicy


def compile_fields(shop: Workshop, plan: Blueprint) -> dict[str, Field]:
    """Return the fields of one record, in the order written; of another plugin's enum the one with more options."""
    there = plan.target.fields if plan.target else {}
    return {
        name: replace(there[name], spec=plan.draft.specs[name]) if name in there else _field(shop, plan, name, shape)
        for name, shape in plan.shape.fields.items()
        if name in plan.draft.specs
    }


def _field(shop: Workshop, plan: Blueprint, name: str, shape: FieldShape) -> Field:
    path = (*plan.path, "fields", name)
    spec = plan.draft.specs[name]
    own = {"self": record_kind(plan.draft.key)}
    default = value = None
    if shape.default is not None:
        default = formula(shop, shape.default, (*path, "default"), shop.scope(own), spec=spec)
    if shape.value is not None:
        value = formula(shop, shape.value, (*path, "value"), shop.scope(own, own="self", empty=["me"]), spec=spec)
    _check_computed(shop, shape, path)
    return Field(
        name,
        spec,
        shop.label(shape.label, path, needed=False),
        shop.root.key_place(path),
        default,
        value,
        shape.unique,
        shape.mask,
        _merge(shop, plan, name, shape, path),
        tuple(shape.cite),
        offer=_offer(shop, shape, spec, (*path, "offer")),
    )


def _offer(shop: Workshop, shape: FieldShape, spec: FieldSpec, path: KeyPath) -> str | None:
    """Return the policy by which a form orders what the field may refer to."""
    if shape.offer is None:
        return None
    if not shop.known(shape.offer, shop.reach.dispatch, Text("dispatch policy", "派单规则"), path, "unknown-policy"):
        return None
    of = shop.reach.dispatch[shape.offer]
    if spec.type == "ref" and spec.to == of and shape.value is None:
        return shape.offer
    shop.fault(
        "offer-mismatch",
        f"`{shape.offer}` ranks {of}; this field is no ref to it that somebody enters",
        f"`{shape.offer}` 的候选人为 {of}，该字段不是可填写且指向它的引用",
        path,
    )
    return None


def _check_computed(shop: Workshop, shape: FieldShape, path: KeyPath) -> None:
    """A computed field has no column: what only makes sense with one is a mistake."""
    if shape.value is None:
        return
    for key in ("default", "merge", "unique", "required"):
        if getattr(shape, key):
            shop.fault(
                "computed-and-stored",
                f"`{key}` has no meaning on a computed field",
                f"计算字段不能写 `{key}`",
                (*path, key),
                Text(f"remove `{key}` or `value`", f"请删除 `{key}` 或 `value`"),
            )


def _merge(shop: Workshop, plan: Blueprint, name: str, shape: FieldShape, path: KeyPath) -> MergePolicy:
    kind = shop.fields[plan.draft.specs[name].type]
    if shape.merge is None:
        return kind.default_merge
    if not shop.known(
        shape.merge, list(MergePolicy), Text("merge policy", "合并规则"), (*path, "merge"), "unknown-merge"
    ):
        return kind.default_merge
    policy = MergePolicy(shape.merge)
    if policy not in kind.merges and policy is not MergePolicy.HOOK:
        fitting = sorted(one.value for one in kind.merges)
        shop.fault(
            "merge-does-not-fit",
            f"`{policy}` does not fit a field of type {shape.type}",
            f"`{policy}` 不适用于 {shape.type} 类型字段",
            (*path, "merge"),
            one_of(fitting),
        )
        return kind.default_merge
    return policy
