/* Prints the programs that libseccomp makes of profiles, for tests/seccomp/libseccomp.rs to run beside ours.
 *
 * Standard input holds profiles, a word list each:
 *
 *   profile DEFAULT_ACTION OPTIMIZE  native or another SCMP_ARCH value...   0
 *   rule ACTION NAME CONDITIONS  [ARGUMENT OPERATOR VALUE VALUE_TWO]...
 *   end
 *
 * For each, standard output gets the number of instructions and the instructions as struct sock_filter, or, if
 * libseccomp refuses a rule, 0xffffffff; both numbers in the byte order of this machine. A name that libseccomp
 * does not know is left out, as runc does. An OPTIMIZE of 2 asks for the binary tree.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
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
	scmp_filter_ctx filter = seccomp_init(action);
	uint32_t native = number();
	uint32_t arch;

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

/* Whether libseccomp takes the rule. */
static int rule(scmp_filter_ctx filter)
{
	struct scmp_arg_cmp conditions[6];
	char name[64];
	uint32_t action = number();
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
	if (call == __NR_SCMP_ERROR)
		return 1;
	return seccomp_rule_add_array(filter, action, call, count, conditions) == 0;
}

static void print(scmp_filter_ctx filter, int good)
{
	int fd = memfd_create("program", 0);
	struct stat st;
	uint32_t count = UINT32_MAX;
	char *code;

	if (fd < 0)
		fail("memfd_create");
	if (!good || seccomp_export_bpf(filter, fd) || fstat(fd, &st)) {
		fwrite(&count, sizeof(count), 1, stdout);
		close(fd);
		return;
	}
	count = st.st_size / sizeof(struct sock_filter);
	code = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (code == MAP_FAILED)
		fail("mmap");
	fwrite(&count, sizeof(count), 1, stdout);
	fwrite(code, st.st_size, 1, stdout);
	munmap(code, st.st_size);
	close(fd);
}

int main(void)
{
	char word[16];
	scmp_filter_ctx filter = NULL;
	int good = 1;

	while (scanf("%15s", word) == 1) {
		if (!strcmp(word, "profile")) {
			filter = start();
			good = 1;
		} else if (!strcmp(word, "rule")) {
			good &= rule(filter);
		} else if (!strcmp(word, "end")) {
			print(filter, good);
			seccomp_release(filter);
		} else {
			fail("unknown word");
		}
	}
	return 0;
}
