/** System calls by what they are for. Only what 64-bit x86 and ARM have; names that one of them lacks are passed over. */

const files = `
  access faccessat faccessat2 chdir fchdir getcwd chmod fchmod fchmodat fchmodat2 chown fchown fchownat lchown close
  close_range creat open openat openat2 dup dup2 dup3 fcntl flock fadvise64 readahead fallocate truncate ftruncate
  fsync fdatasync sync_file_range getdents getdents64 link linkat symlink symlinkat readlink readlinkat unlink unlinkat
  rename renameat renameat2 mkdir mkdirat rmdir mknod mknodat lseek read readv pread64 preadv preadv2 write writev
  pwrite64 pwritev pwritev2 sendfile copy_file_range splice tee stat fstat lstat newfstatat statx statfs fstatfs
  umask utime utimes futimesat utimensat cachestat
  getxattr lgetxattr fgetxattr getxattrat listxattr llistxattr flistxattr listxattrat
  setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat`

const memory = `
  brk mmap mprotect mremap munmap madvise mincore msync mlock mlock2 mlockall munlock munlockall mseal memfd_create
  membarrier pkey_alloc pkey_free pkey_mprotect map_shadow_stack`

const events = `
  poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd eventfd2
  signalfd signalfd4 timerfd_create timerfd_gettime timerfd_settime inotify_init inotify_init1 inotify_add_watch
  inotify_rm_watch pipe pipe2 futex futex_waitv futex_wait futex_wake futex_requeue get_robust_list set_robust_list`

const sockets = `
  accept accept4 bind connect listen shutdown socketpair getsockname getpeername getsockopt setsockopt recvfrom recvmsg
  recvmmsg sendto sendmsg sendmmsg`

/** Shared memory, semaphores and queues; each sandbox has a namespace of its own for them. */
const interProcess = `
  shmat shmctl shmdt shmget semctl semget semop semtimedop msgctl msgget msgrcv msgsnd
  mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink`

const processes = `
  execve execveat exit exit_group fork vfork wait4 waitid arch_prctl prctl rseq set_tid_address restart_syscall
  getpid getppid gettid getpgid getpgrp setpgid getsid setsid getpriority setpriority getrlimit setrlimit prlimit64
  getrusage pidfd_open pidfd_send_signal ioprio_get ioprio_set
  sched_getaffinity sched_setaffinity sched_getattr sched_setattr sched_getparam sched_setparam sched_getscheduler
  sched_setscheduler sched_get_priority_max sched_get_priority_min sched_rr_get_interval sched_yield`

/** Without capabilities the kernel lets these lower rights, never raise them. */
const rights = `
  capget capset getuid geteuid getresuid getgid getegid getresgid getgroups setuid setreuid setresuid setfsuid setgid
  setregid setresgid setfsgid setgroups seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self`

const signals = `
  kill tkill tgkill pause sigaltstack rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn
  rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo`

const time = `
  alarm clock_getres clock_gettime clock_nanosleep gettimeofday nanosleep time times getitimer setitimer
  timer_create timer_delete timer_getoverrun timer_gettime timer_settime`

const system = `getcpu getrandom sysinfo uname`

/** Calls that function code may make with any arguments. */
export const allowedSyscalls = words(
  [files, memory, events, sockets, interProcess, processes, rights, signals, time, system].join(' '),
)

const mounts = `
  mount umount2 pivot_root chroot open_tree open_tree_attr move_mount fsopen fsconfig fsmount fspick mount_setattr
  statmount listmount quotactl quotactl_fd`

const namespaces = `unshare setns sethostname setdomainname`

const otherProcesses = `ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp`

/** Large parts of the kernel that hosts functions' neighbours too, and where most of its known holes were. */
const attackSurface = `
  bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register
  add_key request_key keyctl lookup_dcookie fanotify_init name_to_handle_at open_by_handle_at nfsservctl`

const machine = `
  reboot kexec_load kexec_file_load init_module finit_module delete_module create_module get_kernel_syms query_module
  swapon swapoff acct syslog vhangup settimeofday clock_settime clock_adjtime adjtimex iopl ioperm vm86 vm86old`

/** They would make the host write out the disks of everybody. */
const hostDisks = `sync syncfs`

/**
 * Refused as a right that is missing (EPERM), because a program that asks for them should hear no. All that is in
 * neither list does not exist (ENOSYS): libcs then do without.
 */
export const forbiddenSyscalls = words(
  [mounts, namespaces, otherProcesses, attackSurface, machine, hostDisks].join(' '),
)

function words(text: string): string[] {
  return text.trim().split(/\s+/)
}
