//! What must stand before what, and how a compiler lays out what is printed.
//!
//! A type is needed either whole, as a member needs it, or by its name alone, as a pointer does. The name of a struct or
//! union is always to be had: it can be declared without its members.

use super::{
    ARRAY, Blob, Entry, Error, Member, Name, RESTRICT, STRUCT, TYPE_TAG, TYPEDEF, TypeId, UNION, View, names,
    place,
};
use crate::btf::blob::List;

/// What a compiler makes of a type as it is printed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shape {
    /// In bytes.
    pub size: u32,
    /// In bytes.
    pub align: u8,
    /// Whether the struct or union must be packed to get its members where they are.
    pub packed: bool,
}

/// The types to print, each behind those that it needs.
pub(super) struct Order<'a> {
    blob: &'a Blob<'a>,
    /// What is printed as an item of its own.
    pub items: Vec<TypeId>,
    /// By number of the type; only of types that are needed.
    shapes: Vec<Shape>,
    /// For each type and need.
    states: Vec<State>,
    /// What others need: there, and not by itself, an anonymous enum is printed.
    pub used: Vec<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Begun,
    Done,
}

/// A type, and whether it is needed whole.
type Node = (TypeId, bool);

impl<'a> Order<'a> {
    pub fn new(blob: &'a Blob<'a>, roots: impl Iterator<Item = TypeId>) -> Result<Self, Error> {
        let count = blob.len() + 1;
        let mut order = Self {
            blob,
            items: vec![],
            shapes: vec![Shape { size: 0, align: 1, packed: false }; count],
            states: vec![State::New; count * 2],
            used: vec![false; count],
        };
        for root in roots {
            order.visit((root, true))?;
        }
        Ok(order)
    }

    /// The layout of a type that is printed.
    pub fn shape(&self, id: TypeId) -> Shape {
        index(id).and_then(|at| self.shapes.get(at)).copied().unwrap_or_default()
    }

    /// Puts a type behind all that it needs.
    fn visit(&mut self, root: Node) -> Result<(), Error> {
        let root = self.canonical(root);
        if self.state(root) != Some(State::New) {
            return Ok(());
        }
        self.set(root, State::Begun);
        let mut stack: Vec<(Node, Entry, View, usize)> = vec![];
        stack.extend(self.blob.get(root.0).map(|ty| (root, ty, ty.view(), 0)));
        while let Some((node, ty, view, next)) = stack.last_mut() {
            let (node, ty, view) = (*node, *ty, *view);
            let Some(child) = child(node, view, *next) else {
                stack.pop();
                self.finish(node, (&ty, view), stack.is_empty());
                self.set(node, State::Done);
                continue;
            };
            *next += 1;
            let child = self.canonical(child);
            if let Some(used) = index(child.0).and_then(|at| self.used.get_mut(at)) {
                *used = true;
            }
            match self.state(child) {
                Some(State::New) => {
                    self.set(child, State::Begun);
                    stack.extend(self.blob.get(child.0).map(|ty| (child, ty, ty.view(), 0)));
                }
                Some(State::Begun) => {
                    return Err(Error::C { id: child.0, what: "it contains itself, which C cannot say" });
                }
                // `void`, and numbers that nothing has.
                Some(State::Done) | None => {}
            }
        }
        Ok(())
    }

    /// Needs that come to the same are one.
    fn canonical(&self, (id, whole): Node) -> Node {
        let whole = match self.blob.kind(id) {
            (ARRAY, _) => true,
            (STRUCT | UNION, is_named) => whole || !is_named,
            (kind, _) => whole && matches!(kind, TYPEDEF..=RESTRICT | TYPE_TAG),
        };
        (id, whole)
    }

    /// All that a type needs is there.
    fn finish(&mut self, (id, whole): Node, (ty, view): (&Entry, View), is_root: bool) {
        let Some(at) = index(id) else { return };
        let is_named = ty.is_named;
        let shape = |size: u32, align: u8| Shape { size, align, packed: false };
        let number = |size: u32| shape(size, number_align(size));
        let (is_item, shape) = match view {
            View::Int { size, .. } | View::Float { size } => {
                (names::needs_typedef(self.blob, ty), number(size))
            }
            View::Enum { size, .. } => (is_named || is_root, number(size)),
            View::Ptr(_) => (false, shape(8, 8)),
            View::Array { elem, len } => {
                let elem = self.shape(elem);
                (false, shape(elem.size.saturating_mul(len), elem.align))
            }
            View::Record { is_union, size, members } if whole => {
                (is_named, self.layout(size, members, is_union))
            }
            View::Typedef(to) if whole => (false, Shape { packed: false, ..self.shape(to) }),
            View::Typedef(_) => (is_named, shape(0, 1)),
            View::Volatile(to) | View::Const(to) | View::Restrict(to) | View::TypeTag { ty: to, .. } => {
                (false, Shape { packed: false, ..self.shape(to) })
            }
            View::Fwd { .. } => (is_root, shape(0, 1)),
            _ => (false, shape(0, 1)),
        };
        if is_item {
            self.items.push(id);
        }
        // Its name alone says nothing of its layout.
        let is_known = self.canonical((id, true)) == (id, whole);
        if let (Some(slot), true) = (self.shapes.get_mut(at), is_known) {
            *slot = shape;
        }
    }

    /// Whether members stand where a compiler would put them or later.
    fn layout(&self, size: u32, members: List<Member<Name>>, is_union: bool) -> Shape {
        let mut align = 1;
        let mut packed = false;
        let mut largest = 0;
        for member in members {
            let shape = self.shape(member.ty);
            let (offset, bits) = place(self.blob, &member);
            let unit = u32::from(shape.align).saturating_mul(8);
            align = align.max(shape.align);
            packed |= match bits {
                0 => !offset.is_multiple_of(unit),
                bits => {
                    let unit = shape.size.saturating_mul(8).max(8);
                    let last = offset.saturating_add(u32::from(bits) - 1);
                    offset / unit != last / unit
                }
            };
            largest = largest.max(if bits == 0 { shape.size } else { u32::from(bits).div_ceil(8) });
        }
        packed |= !size.is_multiple_of(u32::from(align));
        packed |= is_union && largest.checked_next_multiple_of(align.into()).is_none_or(|end| end > size);
        Shape { size, align: if packed { 1 } else { align }, packed }
    }

    fn state(&self, (id, whole): Node) -> Option<State> {
        index(id).filter(|at| *at > 0)?;
        self.states.get(index(id)? * 2 + usize::from(whole)).copied()
    }

    fn set(&mut self, (id, whole): Node, state: State) {
        if let Some(slot) = index(id).and_then(|at| self.states.get_mut(at * 2 + usize::from(whole))) {
            *slot = state;
        }
    }
}

/// What a type needs, one by one.
fn child((id, whole): Node, view: View, at: usize) -> Option<Node> {
    let one = |to: TypeId, whole| (at == 0).then_some((to, whole));
    match view {
        View::Ptr(to) => one(to, false),
        View::Typedef(to) => match (whole, at) {
            (true, 0) => Some((to, true)),
            (true, 1) => Some((id, false)),
            _ => (!whole && at == 0).then_some((to, false)),
        },
        View::Volatile(to) | View::Const(to) | View::Restrict(to) | View::TypeTag { ty: to, .. } => {
            one(to, whole)
        }
        View::Array { elem, .. } => one(elem, true),
        View::Record { members, .. } if whole => members.get(at).map(|m| (m.ty, true)),
        View::FuncProto { ret, params } => match at.checked_sub(1) {
            None => Some((ret, false)),
            Some(at) => params.get(at).map(|p| (p.ty, false)),
        },
        View::Func(proto) => one(proto, false),
        View::Var(ty) | View::DeclTag(ty) => one(ty, true),
        View::DataSec { vars, .. } => vars.get(at).map(|v| (v.var, true)),
        _ => None,
    }
}

/// The alignment of a number; sizes that no number has are bytes.
fn number_align(size: u32) -> u8 {
    match size {
        1 | 2 | 4 | 8 | 16 => u8::try_from(size).unwrap_or(1),
        _ => 1,
    }
}

pub(super) fn index(id: TypeId) -> Option<usize> {
    usize::try_from(id.0).ok()
}
