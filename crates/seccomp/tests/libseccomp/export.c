/* Prints the programs that libseccomp makes of profiles, for tests/seccomp/libseccomp.rs to run beside ours.
 *
 * Standard input holds a profile as a list of words: first
 *
 *   DEFAULT_ACTION OPTIMIZE ARCHITECTURE... 0
 *
 * with the architecture of the kernel first and an OPTIMIZE of 2 for the binary tree, then for each rule
 *
 *   ACTION NAME CONDITIONS  [ARGUMENT OPERATOR VALUE VALUE_TWO]...
 *
 * Standard output gets the program as struct sock_filter. The exit code is 3 if libseccomp refuses a rule. For some
 * profiles libseccomp 2.5.4 never ends; a SIGALRM ends it then. A name that it does not know is left out, as in runc.
 *
 * With an architecture and names as arguments, it prints each name with its number.
 */
#include <errno.h>
#include <inttypes.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void fail(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(1);
}

static uint64_t number(void)
{
	uint64_t value;

	if (scanf("%" SCNu64, &value) != 1)
		fail("no number where one should be");
	return value;
}

static scmp_filter_ctx start(void)
{
	uint32_t action = number();
	uint32_t optimize = number();
	uint32_t native = number();
	uint32_t arch;
	scmp_filter_ctx filter = seccomp_init(action);

	if (!filter)
		fail("seccomp_init");
	/* The first architecture is the kernel's, which need not be this machine's. */
	if (native != seccomp_arch_native()) {
		if (seccomp_arch_remove(filter, seccomp_arch_native()) || seccomp_arch_add(filter, native))
			fail("cannot change the native architecture");
	}
	while ((arch = number()) != 0) {
		int rc = seccomp_arch_add(filter, arch);

		if (rc && rc != -EEXIST)
			fail("cannot add an architecture");
	}
	if (seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, optimize))
		fail("cannot set the optimisation");
	return filter;
}

/* Adds the rest of a rule. */
static void add(scmp_filter_ctx filter, uint32_t action)
{
	struct scmp_arg_cmp conditions[6];
	char name[64];
	unsigned int count, i;
	int call;

	if (scanf("%63s", name) != 1)
		fail("no name where one should be");
	count = number();
	if (count > 6)
		fail("too many conditions");
	for (i = 0; i < count; i++) {
		conditions[i].arg = number();
		conditions[i].op = number();
		conditions[i].datum_a = number();
		conditions[i].datum_b = number();
	}
	call = seccomp_syscall_resolve_name(name);
	if (call != __NR_SCMP_ERROR && seccomp_rule_add_array(filter, action, call, count, conditions))
		exit(3);
}

int main(int argc, char **argv)
{
	scmp_filter_ctx filter;
	uint32_t action;
	int i;

	for (i = 2; i < argc; i++)
		printf("%s %d\n", argv[i], seccomp_syscall_resolve_name_arch(strtoul(argv[1], NULL, 10), argv[i]));
	if (argc > 1)
		return 0;

	alarm(2);
	filter = start();
	while (scanf("%" SCNu32, &action) == 1)
		add(filter, action);
	if (seccomp_export_bpf(filter, STDOUT_FILENO))
		fail("seccomp_export_bpf");
	return 0;
}
