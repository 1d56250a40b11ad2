//! What is known about registers before an instruction.

use crate::uapi::MapType;

/// What a register holds for certain: on all paths. Maps and instructions are told by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Value {
    /// Nothing is known.
    Unknown,
    /// The program's context.
    Context,
    /// A place in the packet.
    Packet,
    /// So many bytes from r10.
    Stack(i32),
    /// The map of that number.
    Map(u32),
    /// What the call of that index gave, which may be null.
    MaybeNull(u32),
    /// Nothing: the call of that index has destroyed it.
    Destroyed(u32),
}

/// The registers before an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    /// A bit for each register that some path has written.
    pub(super) set: u16,
    /// Whether some path has compared two registers: with that, a packet may be known to be long enough.
    pub(super) compared: bool,
    /// What registers hold on all paths.
    pub(super) values: [Value; 11],
}

/// How much of the context's struct concerns packets: the offset of `data` in it.
pub(super) type PacketAt = Option<i16>;

impl State {
    /// At the start of a function: these registers are set.
    pub(super) fn entry(set: u16, context: bool) -> Self {
        let mut values = [Value::Unknown; 11];
        values[10] = Value::Stack(0);
        if context {
            values[1] = Value::Context;
        }
        Self { set: set | 1 << 10, compared: false, values }
    }

    /// Takes in another path that leads here; gives whether anything changed, and whether a place on the stack was
    /// lost sight of.
    #[inline]
    pub(super) fn join(&mut self, other: &State) -> (bool, bool) {
        let (set, compared) = (self.set | other.set, self.compared | other.compared);
        let mut changed = set != self.set || compared != self.compared;
        (self.set, self.compared) = (set, compared);
        let mut lost = false;
        for (mine, theirs) in self.values.iter_mut().zip(other.values) {
            if *mine != theirs {
                let stack = |value| matches!(value, Value::Stack(_));
                lost |= stack(*mine) || stack(theirs);
                changed |= *mine != Value::Unknown;
                *mine = Value::Unknown;
            }
        }
        (changed, lost)
    }

    pub(super) fn is_set(&self, reg: u8) -> bool {
        reg > 10 || self.set >> reg & 1 != 0
    }

    pub(super) fn value(&self, reg: u8) -> Value {
        self.values.get(usize::from(reg)).copied().unwrap_or(Value::Unknown)
    }

    pub(super) fn write(&mut self, reg: u8, value: Value) {
        if let Some(place) = self.values.get_mut(usize::from(reg)).filter(|_| reg < 10) {
            *place = value;
            self.set |= 1 << reg;
        }
    }

    /// A call: r1 to r5 are gone.
    pub(super) fn call(&mut self, at: u32, result: Option<Value>) {
        self.set &= !0x3f;
        self.values[..6].fill(Value::Destroyed(at));
        if let Some(value) = result {
            self.write(0, value);
        }
    }

    /// Somebody looked whether what a call gave is null, or may do so unseen.
    pub(super) fn looked_at(&mut self, value: Value) {
        if let Value::MaybeNull(_) = value {
            self.values.iter_mut().filter(|v| **v == value).for_each(|v| *v = Value::Unknown);
        }
    }
}

/// The kind and the size of the key of each map.
pub(super) type Maps = [(MapType, u32)];
