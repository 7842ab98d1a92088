//! Memory comes from where the program has it from, so that what is measured is what users have.

#[cfg(target_os = "linux")]
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;
