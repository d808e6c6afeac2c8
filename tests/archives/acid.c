// SPDX-License-Identifier: ISC
// SQLite and GMP as Debian compiles them for Linux, and thread-local data, compiled with the host's headers: prints
// the same in a Xen domain as in a Linux process.
#include <sqlite3.h>
#include <gmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include <time.h>
static __thread int counter = 41;
static __thread char big[100];
static int row(void *c, int n, char **v, char **k) { (void)c; for (int i=0;i<n;i++) printf("%s=%s%c", k[i], v[i]?v[i]:"NULL", i==n-1?'\n':' '); return 0; }
static void sql(sqlite3 *db, const char *s) { char *e=0; if (sqlite3_exec(db, s, row, 0, &e)) { printf("error: %s\n", e); sqlite3_free(e);} }
int main(void) {
  counter++; big[3]=1; printf("tls %d %d\n", counter, big[3]);
  sqlite3 *db;
  printf("open %d\n", sqlite3_open(":memory:", &db));
  sql(db, "create table t(a integer primary key, b text, c real)");
  sql(db, "begin");
  for (int i=0;i<5000;i++) { char b[200]; snprintf(b, sizeof b, "insert into t values(%d,'row %d',%.17g)", i, i*7%1000, i/3.0); sql(db,b); }
  sql(db, "commit");
  sql(db, "select count(*), sum(a), avg(c), max(b) from t");
  sql(db, "select b, count(*) n from t group by b having n > 4 order by n desc, b limit 5");
  sql(db, "select printf('%.3f %e %g %s %d %x', 3.14159, 1e100, 0.1, 'x', -5, 255)");
  sql(db, "select strftime('%Y-%m-%d %H:%M:%S', 1700000000, 'unixepoch'), round(2.5), 1.0/3, 1e300*1e10");
  sql(db, "with recursive f(n,x) as (select 1,1 union all select n+1,x*(n+1) from f where n<20) select n,x from f where n in (5,10,20)");
  sql(db, "select quote(b) from t where a=17; create index i on t(b); select count(*) from t where b like 'row 1%'");
  sql(db, "select json_extract('{\"a\":[1,2,{\"b\":3.5}]}','$.a[2].b')");
  sql(db, "syntax error here");
  sql(db, "pragma integrity_check");
  sqlite3_close(db);
  mpz_t f; mpz_init(f); mpz_fac_ui(f, 10000); char *s=mpz_get_str(0,10,f); printf("10000! has %zu digits, begins %.20s\n", strlen(s), s); free(s);
  mpz_t b,e,m,r; mpz_inits(b,e,m,r,0); mpz_set_str(b,"123456789012345678901234567890",10); mpz_set_str(e,"fedcba9876543210fedcba9876543210",16); mpz_ui_pow_ui(m,2,521); mpz_sub_ui(m,m,1); mpz_powm(r,b,e,m); gmp_printf("%Zd\n%Zx %d %s\n", r, e, 42, "end");
  gmp_sscanf("  987654321987654321987654321 77", "%Zd %d", b, &counter); gmp_printf("%Zd %d\n", b, counter);
  mpf_t q; mpf_init2(q, 300); mpf_sqrt_ui(q, 2); gmp_printf("%.80Ff %.10Fe\n", q, q);
  return 0;
}
