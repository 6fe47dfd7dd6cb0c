// One script per rule of the shell lint. Lines that end in `# bad` must be found by that rule, all others must not.
// Kept as text: as files they would be linted themselves.

const bash32Words = {
  "associative-array": `declare -A a # bad
local -rA b # bad
declare -a list=(x)
declare -i n=1
`,
  nameref: `local -n ref=$1 # bad
declare -rn other=x # bad
export -n hidden
readonly -a list
`,
  "declare-option": `declare -g x=1 # bad
declare -l lower # bad
typeset -u upper # bad
declare -r fixed=1
`,
  "local-dash": `f() {
  local - # bad
  local x
}
`,
  mapfile: `mapfile -t lines <f # bad
readarray lines <f # bad
command mapfile x # bad
echo mapfile
`,
  "wait-option": `wait -n # bad
wait -p id "$!" # bad
wait "$!"
wait
`,
  "printf-time": `printf '%(%F)T' -1 # bad
printf '%s T' x
`,
  "printf-into-element": `printf -v 'a[1]' x # bad
printf -v a x
`,
  "read-option": `read -r -t 0.5 x # bad
read -N 1 x # bad
read -rei start x # bad
read -r -t 5 x
read -rn1 x
`,
  "shopt-option": `shopt -s globstar # bad
shopt -s inherit_errexit # bad
shopt -s nullglob
`,
  "test-variable": `if [[ -v x ]]; then :; fi # bad
if [ -v x ]; then :; fi # bad
if test -R x; then :; fi # bad
if [[ -n \${x+set} && -f x ]]; then :; fi
`,
  "source-process": `source <(echo x=1) # bad
. <(echo x=1) # bad
. ./file
`,
  "new-variable": `echo "$BASHPID" # bad
echo "\${EPOCHSECONDS}" # bad
echo "$$ $BASH_SUBSHELL"
`,
};

const bash32Syntax = {
  "case-conversion": `echo "\${x,,}" # bad
echo "\${x^}" # bad
echo "\${a[0]^^}" # bad
echo "\${x#,}" "\${x%^}" "\${x/,/.}"
`,
  transformation: `echo "\${x@Q}" # bad
echo "\${!x@}" "\${x#@Q}"
`,
  "negative-subscript": `echo "\${a[-1]}" # bad
a[-1]=x # bad
unset 'a[-1]' # bad
echo "\${a[0]}" "\${a[n-1]}"
`,
  "negative-length": `echo "\${x:0:-1}" # bad
echo "\${x:1: -2}" # bad
echo "\${x: -1}" "\${x:0:1}"
`,
  "pipe-both": `f |& cat # bad
f 2>&1 | cat
`,
  "append-both": `f &>>log # bad
f &>log
f >>log 2>&1
`,
  "case-fallthrough": `case $x in
  a) f ;& # bad
  b) f ;;& # bad
  c) f ;;
esac
`,
  "case-in-substitution": `v=$(case $x in a) f ;; esac) # bad
v=$(case $x in (a) f ;; esac)
case $x in a) f ;; esac
`,
  "here-document-in-substitution": `v=$(cat <<E # bad
it's
E
)
v=$(cat <<E
plain
E
)
cat <<E
it's
E
`,
  "comment-in-substitution": `v=$(
  f # it's bad
)
# it's fine here
v=$(
  f # plain
)
`,
  extglob: `if [[ x == +([a-z]) ]]; then :; fi # bad
shopt -s extglob
if [[ x == +([a-z]) ]]; then :; fi
`,
  coprocess: `coproc cat # bad
cat &
`,
  "named-descriptor": `exec {fd}>f # bad
exec 3>f
`,
  "brace-sequence": `echo {01..03} # bad
echo {1..10..2} # bad
echo {a..z..3} # bad
echo {1..3} "{01..03}" {a,b}
`,
  "unicode-escape": `echo $'\\u00e9' # bad
echo $'\\n\\x41'
`,
  "replacement-special": `echo "\${x//</&lt;}" # bad
echo "\${x//a/"b"}" # bad
echo "\${x//&/and}" "\${x/a/b}"
`,
  "errexit-differs": `[[ $x == 1 ]] # bad
((n++)) # bad
if true; then
  [[ -f x ]] # bad
  f
fi
[[ $x == 1 ]] || f
! [[ $x == 1 ]]
if [[ $x == 1 ]] && ((n)); then f; fi
while ((n > 0)); do n=$((n - 1)); done
is_one() {
  f
  [[ $1 == 1 ]]
}
`,
};

const failures = {
  "empty-array": `set -u
a=()
f "\${a[@]}" # bad
for x in "\${a[*]}"; do f; done # bad
f "$@" \${a[@]+"\${a[@]}"} "\${#a[@]}" "\${BASH_SOURCE[@]}"
full=(x y)
full+=("$1")
f "\${full[@]}"
`,
  "declaration-swallows": `f() {
  local x="$(g)" # bad
  readonly Y=$(g) # bad
  export Z="a$(g)b" # bad
  local x y=1
  x="$(g)"
}
`,
  "set-swallows": `set -- $(f) # bad
words="$(f)"
set -- $words
`,
  "process-swallows": `while read -r x; do :; done < <(f) # bad
while read -r x; do :; done <file
while read -r x; do :; done <<<"$text"
`,
  "exit-trap": `trap 'rm -f x' EXIT # bad
trap 'exit 130' INT
trap - EXIT
`,
};

const userland = {
  "absent-command": `timeout 5 f # bad
f | xargs -n 1 stat -c %a # bad
command flock x f # bad
tac() { f; }
tac x
shasum -a 256 x
`,
  "gnu-option": `sed -i s/a/b/ f # bad
sed -n -i.bak s/a/b/ f # bad
date -d now # bad
date --iso-8601 # bad
date +%s%N # bad
date -u +%FT%TZ
date -Iseconds
mktemp --suffix .x # bad
mktemp /tmp/x.XXXXXX.plist # bad
mktemp -t x # bad
mktemp -d
mktemp -d /tmp/x.XXXXXX
readlink -m x # bad
readlink -f x
grep -P x f # bad
grep -e -P f
grep --only-matching x # bad
grep -oE x f
head -n -1 f # bad
head -n 3 f
head -n-1 f # bad
ps --ppid 1 # bad
ps -o pid=,cmd= # bad
ps -o pid=,ppid=,command= -p 1
xargs -d x f # bad
f | xargs -n 1 grep -P x # bad
base64 -w 0 # bad
cp --archive a b # bad
cp -- --archive b
sleep infinity # bad
sleep 2s # bad
sleep 0.2
find . -printf x # bad
find . -name x
rm -rf -- x
`,
  "find-start": `find -name x # bad
find # bad
find . -name x
find "$dir" -type f
`,
  "gnu-script": `sed '1a text' f # bad
sed '2{p}' f # bad
sed '0~2d' f # bad
sed 's/a\\+/b/' f # bad
grep 'a\\|b' f # bad
awk '{ print strftime() }' # bad
sed -n '2{p;}' f
sed -E 's/a+|b/c/' f
sed 's/abc/aic d/' f
sed -n -e '/x/,$p' f
awk '{ print $1 }'
`,
};

/** Rule -> script. */
export const FIXTURES = { ...bash32Words, ...bash32Syntax, ...failures, ...userland };
