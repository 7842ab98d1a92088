//! Ctrl-C and a polite request to end: the first ends the run with what is known, the second at once.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::prove::Interrupt;

/// What the signals of this process set from here on. Before this is called they end the process as
/// ever: while the input is read nothing is known that could be shown.
pub(super) fn on_signals() -> Interrupt {
    let interrupt = Interrupt::default();
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag unset, and sets it. Where the system takes no
        // handlers the signals do what they did before.
        let at_once = flag::register_conditional_shutdown(signal, 128 + signal, interrupt.flag());
        if at_once.is_ok() {
            let _ends_at_once_where_it_fails = flag::register(signal, interrupt.flag());
        }
    }
    interrupt
}
