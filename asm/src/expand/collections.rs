//! Structs with lists, trees and their nodes: for a mistake in one, the kernel refuses all types of the object without
//! a word.

use super::Expander;
use super::types::{StructTy, Ty, TyId};
use crate::diag::{Diagnostic, Span, code};
use crate::lang::ast::{Field, Member, Struct};

/// What stands for a collection, the nodes of what it holds, and what it is.
const COLLECTIONS: [(&str, &str, &str); 2] =
    [("bpf_list_head", "bpf_list_node", "list"), ("bpf_rb_root", "bpf_rb_node", "tree")];
const LOCKS: [&str; 2] = ["bpf_spin_lock", "bpf_res_spin_lock"];

impl<'a> Expander<'a> {
    /// Looks at a struct of the user's.
    pub(super) fn check_collections(&mut self, declared: &'a Struct) {
        let ty = self.types.declared(self.text(declared.name), declared.union);
        let Some(layout) = ty.and_then(|ty| self.structure_of(ty)).cloned() else { return };
        let has = |e: &Self, name: &str| layout.fields.iter().any(|field| e.is_struct(field.ty, name));
        if COLLECTIONS.iter().all(|(_, node, _)| has(self, node)) && !has(self, "bpf_refcount") {
            let message =
                format!("`{}` has nodes for a list and a tree, and no reference count", layout.name);
            self.refused(message, declared.name, "add a field, such as `refs: bpf_refcount`");
        }
        for field in declared.fields.iter().flatten() {
            let Field::Named(member) = field else { continue };
            let of = layout.fields.iter().find(|field| field.name == self.text(member.name)).map(|f| f.ty);
            for (head, node, what) in COLLECTIONS {
                if of.is_none_or(|ty| !self.is_struct(ty, head)) {
                    continue;
                }
                if !LOCKS.iter().any(|lock| has(self, lock)) {
                    let message = format!("no lock guards this {what}");
                    self.refused(message, member.name, "add a field, such as `lock: bpf_spin_lock`");
                }
                self.check_contained(member, node, what);
            }
        }
    }

    /// A list or tree says of which struct it holds which node.
    fn check_contained(&mut self, member: &Member, node: &str, what: &str) {
        let contains = |tag: &&Span| self.text(**tag).starts_with("\"contains:");
        let Some(tag) = member.tags.iter().find(contains).copied() else {
            let message = format!("this {what} does not say what it holds");
            let help = format!("`tag \"contains:TYPE:FIELD\"`, where FIELD is a `{node}` of struct TYPE");
            return self.refused(message, member.name, &help);
        };
        let text = self.text(tag).trim_matches('"');
        let Some((name, field)) = text.strip_prefix("contains:").and_then(|rest| rest.split_once(':')) else {
            return self.refused("this tag names no field".to_string(), tag, "`contains:TYPE:FIELD`");
        };
        let layout = self.types.declared(name, false).and_then(|ty| self.structure_of(ty));
        let found = layout.and_then(|layout| layout.fields.iter().find(|f| f.name == field));
        if found.is_none_or(|found| !self.is_struct(found.ty, node)) {
            let message = format!("there is no struct `{name}` with a field `{field}: {node}`");
            self.refused(message, tag, &format!("a {what} holds structs through their `{node}`"));
        }
    }

    fn structure_of(&self, ty: TyId) -> Option<&StructTy> {
        match self.types.named(ty) {
            Ty::Struct(index) => self.types.structs.get(*index),
            _ => None,
        }
    }

    fn is_struct(&self, ty: TyId, name: &str) -> bool {
        self.structure_of(ty).is_some_and(|layout| layout.name == name)
    }

    fn refused(&mut self, message: String, place: Span, help: &str) {
        let d = Diagnostic::warning(code::COLLECTION, message, place);
        self.error(d.help(help).note("the kernel refuses all types of the object, and does not say why"));
    }
}
