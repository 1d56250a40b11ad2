//! Declarations and the `btf` block: which type of the block belongs to what, and whether both say the same.

use super::given::Space;
use super::imported::BLOCK;
use super::imports::Imported;
use super::names::{Def, written};
use super::plain::{CoreTy, PlainMap, Side};
use super::types::{Ty, TyId};
use super::{Expander, Reported};
use crate::btf::{Kind, TypeId, maps};
use crate::diag::{Diagnostic, Span, code};
use crate::lang::ast::{Extern, Func, Map, TypeExpr, TypeExprKind, Var};
use crate::object::{self, ExternKind};
use crate::uapi::MapType;

impl<'a> Expander<'a> {
    /// Reports a declaration of which the block says something else.
    fn contradicts(&mut self, span: Span, message: String, id: TypeId, theirs: String) -> Reported {
        let place = self.given.map_or(span, |given| given.given.place(id));
        self.error(Diagnostic::error(code::CONTRADICTS, message, span).also(place, theirs))
    }

    // Types.

    /// A type that source declares is the one of that name in the block.
    pub(super) fn agree(&mut self, declared: Result<TyId, Reported>, span: Span) {
        let Ok(ty) = declared else { return };
        let _ = self.given_id(ty, span);
    }

    /// The number in the block of a type; `None`: the block has none of that name.
    fn given_id(&mut self, ty: TyId, span: Span) -> Result<Option<TypeId>, Reported> {
        let Some(given) = self.given else { return Ok(None) };
        let found = match self.types.named(ty) {
            // Of several of one name, the one that it was made of.
            Ty::Struct(_) | Ty::Enum(_) if self.given_ids.contains_key(&ty) => {
                return Ok(self.given_ids.get(&ty).copied());
            }
            Ty::Struct(s) => {
                let layout = &self.types.structs[*s];
                given.get(if layout.union { Space::Union } else { Space::Struct }, &layout.name)
            }
            Ty::Enum(e) => given.get(Space::Enum, &self.types.enums[*e].name),
            Ty::Alias(name, ..) => given.get(Space::Typedef, name),
            Ty::Builtin(_) => {
                let name = self.types.name(ty);
                given.get(Space::Typedef, &format!("__{name}")).or_else(|| given.get(Space::Typedef, &name))
            }
            _ => None,
        };
        let Some(id) = found else { return Ok(None) };
        let theirs = self.given_type(id, span)?;
        if let Some(what) = self.difference(ty, theirs) {
            let name = self.types.name(ty);
            let message = format!("`{name}` is another one in the `btf` block: {what}");
            return Err(self.contradicts(span, message, id, format!("`{name}` of the block")));
        }
        Ok(Some(id))
    }

    /// What two types of one name do not share.
    fn difference(&self, ours: TyId, theirs: TyId) -> Option<String> {
        let types = &self.types;
        if types.size(ours) != types.size(theirs) {
            return Some(format!("{} bytes here, {} there", types.size(ours), types.size(theirs)));
        }
        match (types.get(ours), types.get(theirs)) {
            (Ty::Struct(a), Ty::Struct(b)) => {
                let (a, b) = (&types.structs[*a].fields, &types.structs[*b].fields);
                if a.len() != b.len() {
                    return Some(format!("{} members here, {} there", a.len(), b.len()));
                }
                let bits = |bits: Option<super::Bits>| bits.map(|bits| (bits.offset, bits.size));
                let differ = a.iter().zip(b).find(|(a, b)| {
                    (&a.name, a.offset, bits(a.bits), types.size(a.ty))
                        != (&b.name, b.offset, bits(b.bits), types.size(b.ty))
                });
                let (a, b) = differ?;
                Some(match a.name == b.name {
                    true => format!("member `{}` lies elsewhere or has another size", a.name),
                    false => format!("member `{}` here, `{}` there", a.name, b.name),
                })
            }
            (Ty::Enum(a), Ty::Enum(b)) => {
                let (a, b) = (&types.enums[*a].values, &types.enums[*b].values);
                if a.len() != b.len() {
                    return Some(format!("{} members here, {} there", a.len(), b.len()));
                }
                let ((a, _), _) = a.iter().zip(b).find(|(a, b)| a != b)?;
                Some(format!("member `{a}` has another value or name"))
            }
            _ => None,
        }
    }

    /// What a CO-RE record names: the type that is written, `#12` or by its name.
    pub(super) fn core_type(&mut self, ty: TyId, written: Span) -> Result<CoreTy, Reported> {
        let Some(given) = self.given else { return Ok(CoreTy::Declared(ty)) };
        let text = self.text(written);
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if text.strip_prefix('#').is_some_and(digits) {
            return self.number(written).map(CoreTy::Given);
        }
        if let Some(Def::Imported(Imported { found: Some((BLOCK, id)), .. })) =
            self.names.get(text, written.file)
        {
            return Ok(CoreTy::Given(*id));
        }
        match self.given_id(ty, written)? {
            Some(id) => Ok(CoreTy::Given(id)),
            None => {
                let message = format!("the `btf` block has no type `{}`", self.types.name(ty));
                let d = Diagnostic::error(code::BLOCK, message, written).also(given.given.word, "this block");
                Err(self.error(d.help("a type without a name is written by its number: `#12`")))
            }
        }
    }

    /// How source writes a type: by its name where that means the type, else by its number.
    pub(super) fn type_text(&self, ty: TyId, core: CoreTy) -> String {
        let (CoreTy::Given(id), Some(given)) = (core, self.given) else {
            let name = self.types.name(ty);
            return match self.types.get(ty) {
                Ty::Struct(_) | Ty::Enum(_) | Ty::Alias(..) => written(&name).into_owned(),
                _ => name,
            };
        };
        let name = given.given.btf.get(id).map_or("", |ty| ty.name.as_str());
        let means = match self.names.get(name, given.given.word.file) {
            Some(Def::Imported(Imported { found: Some((BLOCK, id)), .. })) => Some(*id),
            Some(Def::Struct(s)) if s.union => given.get(Space::Union, name),
            Some(Def::Struct(_)) => given.get(Space::Struct, name),
            Some(Def::Enum(_)) => given.get(Space::Enum, name),
            Some(Def::Alias(_)) => given.get(Space::Typedef, name),
            _ => None,
        };
        if means == Some(id) { written(name).into_owned() } else { format!("#{}", id.0) }
    }

    // Maps.

    /// Takes the types of key and value from the block.
    pub(super) fn describe_map(&mut self, map: &'a Map, plain: &mut PlainMap) -> Result<(), Reported> {
        if plain.legacy.is_some() {
            self.describe_sizes(plain);
            return self.define(map, plain);
        }
        let Some(given) = self.given else { return Ok(()) };
        let var = given
            .sections
            .get(maps::SECTION)
            .and_then(|section| section.vars.get(plain.symbol.name.as_str()));
        self.agree_tags(map.tags.iter().map(|tag| (None, *tag)), var.map(|info| info.var))?;
        let known = given.maps.get(&plain.symbol.name);
        // Of several maps of one name, the first is described.
        if plain.kind.0 == 0 && known.is_none_or(|known| known.kind.0 != 0) {
            Self::describe_nothing(plain);
            return Ok(());
        }
        if given.is_empty() {
            self.describe_sizes(plain);
            return Ok(());
        }
        let Some(known) = known else {
            let message = format!("the `btf` block does not describe map `{}`", plain.symbol.name);
            let d =
                Diagnostic::error(code::CONTRADICTS, message, map.name).also(given.given.word, "this block");
            let d = d.note("a map is a variable of its section `.maps`");
            return Err(self.error(d.help("without a block, types are made from the declarations")));
        };
        self.agree_map(map, plain, known)
    }

    /// Sizes alone, where there are no types.
    fn describe_sizes(&self, plain: &mut PlainMap) {
        let size = |ty: Option<TyId>| ty.map(|ty| self.types.size(ty));
        // A map in a map is a number of four bytes.
        let of_map = if plain.inner.is_some() { 4 } else { 0 };
        let sizes = [size(plain.key).unwrap_or(0), size(plain.value).unwrap_or(of_map)];
        plain.given = Some(sizes.map(|size| Side { size, ty: None }));
        if let Some(inner) = &mut plain.inner {
            self.describe_sizes(inner);
        }
    }

    fn agree_map(&mut self, map: &'a Map, plain: &mut PlainMap, known: &object::Map) -> Result<(), Reported> {
        let place = self.map_place(&plain.symbol.name);
        let number = |n: u64| n.to_string();
        let kind = |kind: MapType| kind.name().map_or_else(|| number(kind.0.into()), str::to_string);
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "none".to_string());
        let by_name = |pinned: bool| or_none(pinned.then(|| "by_name".to_string()));
        let node = |node: Option<u32>| or_none(node.map(|node| number(node.into())));
        let inner = |kind: Option<MapType>| or_none(kind.map(|kind| format!("of kind {}", kind.0)));
        let said = [
            ("the kind", kind(plain.kind), kind(known.kind)),
            ("`max_entries`", number(plain.entries.into()), number(known.max_entries.into())),
            ("`flags`", number(plain.flags.into()), number(known.flags.into())),
            ("`map_extra`", number(plain.extra), number(known.extra)),
            ("`pinning`", by_name(plain.pin_by_name), by_name(known.pin_by_name)),
            ("`numa_node`", node(plain.numa_node), node(known.numa_node)),
            (
                "the map that it holds",
                inner(plain.inner.as_ref().map(|map| map.kind)),
                inner(known.inner.as_ref().map(|map| map.kind)),
            ),
        ];
        if let Some((what, ours, theirs)) = said.into_iter().find(|(_, ours, theirs)| ours != theirs) {
            let message = format!("{what} of this map is {ours} here, and {theirs} in the `btf` block");
            return Err(self.contradicts(map.name, message, place, "described here".to_string()));
        }
        let sides =
            [Side { size: known.key_size, ty: known.key }, Side { size: known.value_size, ty: known.value }];
        // Some kinds have a value only.
        let written = [plain.key, plain.value];
        let first = usize::from(plain.key.is_none());
        for (n, ty) in map.types.iter().enumerate() {
            let Some((Some(ours), theirs)) = written.get(first + n).zip(sides.get(first + n)) else {
                continue;
            };
            let what = ["key", "value"][first + n];
            self.agree_side(what, (*ours, ty), *theirs, place)?;
        }
        plain.given = Some(sides);
        plain.unknown.clone_from(&known.unknown);
        if let (Some(inner), Some(inner_map), Some(known)) = (&mut plain.inner, &map.inner, &known.inner) {
            inner.symbol.name.clone_from(&plain.symbol.name);
            let result = self.agree_map(inner_map, inner, known);
            inner.symbol.name.clear();
            result?;
        }
        Ok(())
    }

    fn agree_side(
        &mut self,
        what: &str,
        (ours, written): (TyId, &'a TypeExpr),
        theirs: Side,
        place: TypeId,
    ) -> Result<(), Reported> {
        let size = self.types.size(ours);
        let numbered = matches!(written.kind, TypeExprKind::Number);
        if size != theirs.size {
            let message =
                format!("the {what} of this map has {} bytes in the `btf` block, not {size}", theirs.size);
            return Err(self.contradicts(written.span, message, place, "described here".to_string()));
        }
        if numbered && theirs.ty != Some(self.number(written.span)?) {
            let theirs = theirs.ty.map_or("a size only".to_string(), |id| format!("#{}", id.0));
            let message = format!("the {what} of this map is {theirs} in the `btf` block");
            return Err(self.contradicts(written.span, message, place, "described here".to_string()));
        }
        Ok(())
    }

    /// The definition of a map in the block.
    fn map_place(&self, name: &str) -> TypeId {
        let Some(given) = self.given else { return TypeId::VOID };
        let var = given.sections.get(maps::SECTION).and_then(|section| section.vars.get(name));
        let var = var.map_or(TypeId::VOID, |info| info.var);
        match given.given.btf.get(var).map(|ty| &ty.kind) {
            Some(Kind::Var { ty, .. }) => given.given.btf.resolve(*ty),
            _ => var,
        }
    }

    // Variables.

    /// The type of a variable in the block, whose place there is the same.
    pub(super) fn given_var(
        &mut self,
        section: &str,
        Var { name, tags, .. }: &'a Var,
        (offset, size): (u32, u32),
    ) -> Result<Option<TypeId>, Reported> {
        let (name, tags) = (*name, tags.iter().map(|tag| (None, *tag)));
        let found = self.given.and_then(|given| given.sections.get(section));
        let found = found.and_then(|section| Some((section.size, section.vars.get(self.text(name))?)));
        self.agree_tags(tags, found.map(|(_, info)| info.var))?;
        let Some((whole, info)) = found else { return Ok(None) };
        let var = self.given.and_then(|given| given.given.btf.get(info.var)).map(|ty| &ty.kind);
        let Some(Kind::Var { ty, .. }) = var else { return Ok(None) };
        // Compilers leave places and sizes of sections to linkers and loaders.
        let place = if whole == 0 { offset } else { info.offset };
        if (place, info.size) != (offset, size) {
            let message = format!(
                "`{}` takes bytes {offset} to {} of {section}, in the `btf` block {place} to {}",
                self.text(name),
                u64::from(offset) + u64::from(size),
                u64::from(place) + u64::from(info.size),
            );
            return Err(self.contradicts(name, message, info.var, "described here".to_string()));
        }
        Ok(Some(*ty))
    }

    /// The type that source gives a variable of a `section` block.
    pub(super) fn agree_var(
        &mut self,
        name: Span,
        written: Span,
        ours: TyId,
        id: TypeId,
    ) -> Result<(), Reported> {
        let theirs = self.given_type(id, written)?;
        match self.difference(ours, theirs) {
            Some(what) => {
                let message = format!("`{}` is of another type in the `btf` block: {what}", self.text(name));
                Err(self.contradicts(written, message, id, "its type there".to_string()))
            }
            None => Ok(()),
        }
    }

    // Functions.

    /// The FUNC of a function in the block: the one of its name, or the one that it names.
    pub(super) fn given_func(&mut self, func: &'a Func, symbol: &str) -> Result<Option<TypeId>, Reported> {
        let id = match func.btf {
            Some(number) => {
                let id = self.number(number)?;
                if id == TypeId::VOID {
                    return self.undescribed(func);
                }
                let found = self.given.and_then(|given| given.given.btf.get(id)).map(|ty| ty.kind.word());
                if found != Some("FUNC") {
                    let message = format!("type `{}` is no FUNC", self.text(number));
                    let theirs = format!("it is {}", found.unwrap_or_default());
                    return Err(self.contradicts(number, message, id, theirs));
                }
                id
            }
            None => match self.given.and_then(|given| given.funcs.get(symbol)) {
                Some(id) => *id,
                None => return self.undescribed(func),
            },
        };
        self.agree_params(func, id)?;
        self.agree_tags(func.tags.iter().copied(), Some(id))?;
        Ok(Some(id))
    }

    /// A function that the block does not describe has nothing that BTF keeps.
    fn undescribed(&mut self, func: &'a Func) -> Result<Option<TypeId>, Reported> {
        self.agree_tags(func.tags.iter().copied(), None)?;
        match (self.given, func.hook) {
            (Some(_), Some(hook)) => Err(self.lost(hook)),
            _ => Ok(None),
        }
    }

    /// Parameters need not be written; those that are must be as many, and of the same size.
    fn agree_params(&mut self, func: &'a Func, id: TypeId) -> Result<(), Reported> {
        let Some(given) = self.given.filter(|_| !func.params.is_empty()) else { return Ok(()) };
        let btf = &given.given.btf;
        let Some(Kind::Func { proto, .. }) = btf.get(id).map(|ty| &ty.kind) else { return Ok(()) };
        let Some(Kind::FuncProto { params, .. }) = btf.get(*proto).map(|ty| &ty.kind) else { return Ok(()) };
        let (proto, ours) = (*proto, func.params.len());
        if ours != params.len() {
            let message = format!(
                "the parameters of this function are {ours} here, and {} in the `btf` block",
                params.len()
            );
            return Err(self.contradicts(func.name, message, proto, "described here".to_string()));
        }
        for ((name, ty), theirs) in func.params.iter().zip(params) {
            let (ours, theirs) = (self.ty(ty)?, btf.size_of(theirs.ty));
            let ours = self.types.size(ours);
            if theirs.is_some_and(|theirs| theirs != ours) {
                let theirs = theirs.unwrap_or_default();
                let message =
                    format!("`{}` has {theirs} bytes in the `btf` block, not {ours}", self.text(*name));
                return Err(self.contradicts(*name, message, proto, "described here".to_string()));
            }
        }
        Ok(())
    }

    // Tags.

    /// What the source keeps in BTF stands in the block: tags on what has that number there.
    fn agree_tags(
        &mut self,
        tags: impl IntoIterator<Item = (Option<usize>, Span)>,
        described: Option<TypeId>,
    ) -> Result<(), Reported> {
        let Some(given) = self.given else { return Ok(()) };
        for (param, tag) in tags {
            let text = self.plain_string(tag)?;
            let component = param.and_then(|n| i32::try_from(n).ok()).unwrap_or(-1);
            match described {
                Some(id) if given.tags.contains(&(id, component, text.as_str())) => {}
                Some(id) => {
                    let message = format!("the `btf` block has no DECL_TAG {} here", self.text(tag));
                    return Err(self.contradicts(tag, message, id, "on this type".to_string()));
                }
                None => return Err(self.lost(tag)),
            }
        }
        Ok(())
    }

    /// Reports what only BTF keeps of something that the block does not describe.
    fn lost(&mut self, what: Span) -> Reported {
        let message = format!("{} is kept in BTF, and the `btf` block has nothing for it", self.text(what));
        let word = self.given.map_or(what, |given| given.given.word);
        self.error(Diagnostic::error(code::CONTRADICTS, message, what).also(word, "this block"))
    }

    // Externs.

    /// The FUNC or VAR of an extern in the block, which is looked for in the same place.
    pub(super) fn given_extern(
        &mut self,
        external: &'a Extern,
        symbol: &str,
        kind: ExternKind,
    ) -> Result<Option<TypeId>, Reported> {
        // These have a place or a value, and so are no externs to BTF.
        let settled = matches!(kind, ExternKind::Common { .. } | ExternKind::Absolute(_));
        let known = self.given.filter(|_| !settled).and_then(|given| given.externs.get(symbol));
        self.agree_tags(external.tags.iter().copied(), known.map(|(id, _)| *id))?;
        let Some((id, theirs)) = known.copied() else { return Ok(None) };
        let is_func =
            self.given.and_then(|g| g.given.btf.get(id)).is_some_and(|t| matches!(t.kind, Kind::Func { .. }));
        if kind != theirs || is_func != external.kind.is_func() {
            let message = format!(
                "`{}` is {} here, and something else in the `btf` block",
                self.text(external.name),
                external.kind.describe()
            );
            let section = if theirs.section().is_empty() { "no section" } else { theirs.section() };
            let what = if is_func { "FUNC" } else { "VAR" };
            return Err(self.contradicts(external.name, message, id, format!("a {what} in {section}")));
        }
        Ok(Some(id))
    }
}
