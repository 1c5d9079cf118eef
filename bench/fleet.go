package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fairway-k8s/fairway/internal/testkit/mergejudge"
)

// The catalogue that a fleet is upgraded in, and the versions that it goes from and to.
const (
	fleetCatalogue = "../examples/catalogue-kore"
	fleetFrom      = "1.0.0"
	fleetTo        = "2.0.0"
)

// fleetShapes are the services of a fleet, with what each shape must be told. Each is made with every value of fleetOptions that it has.
var fleetShapes = []struct {
	shape string
	must  []string
}{
	{"stateless-service", nil},
	{"async-worker", nil},
	{"cron-job", []string{"--set", "schedule=17 4 * * *"}},
	{"stateful-service", []string{"--set", "backup=nightly dump to an object store"}},
}

var fleetOptions = [][]string{
	nil,
	{"--set", "resources={cpu: 500m, memory: 1Gi}"},
	{"--set", "dependencies=[{app: redis, namespace: data, port: 6379}]"},
}

// editedShare is how many of a service's files have random edits, in percent.
const editedShare = 60

// ship is one service of a fleet.
type ship struct {
	dir, fresh string // as the team has it; as the new version writes it
	base, ours map[string][]byte
}

// passage is what an upgrade of one service came to.
type passage struct {
	Code      int
	Stderr    string
	Conflicts []mergejudge.Conflict
}

// fleet makes services, edits them as teams do, upgrades all, and judges every file.
func fleet(args []string) error {
	flags := flag.NewFlagSet("fleet", flag.ContinueOnError)
	services := flags.Int("services", 1000, "how many services")
	seed := flags.Uint64("seed", 1, "of the random edits")
	keep := flags.String("keep", "", "a folder for the files of services with faults")
	if err := flags.Parse(args); err != nil {
		return err
	}
	cached, err := cache()
	if err != nil {
		return err
	}
	fairway, err := buildFairway(cached)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "fairway-fleet")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	hulls, err := lay(fairway, dir)
	if err != nil {
		return err
	}
	var ships []ship
	edited := 0
	for i := range *services {
		s, n, err := launch(hulls[i%len(hulls)], filepath.Join(dir, "fleet", fmt.Sprintf("%04d", i)), rand.New(rand.NewPCG(*seed, uint64(i))))
		if err != nil {
			return err
		}
		ships, edited = append(ships, s), edited+n
	}

	var dirs []string
	for _, s := range ships {
		dirs = append(dirs, s.dir)
	}
	few := min(10, len(dirs))
	first, err := sail(fairway, dirs[:few])
	if err != nil {
		return err
	}
	rest := voyage{}
	if few < len(dirs) {
		if rest, err = sail(fairway, dirs[few:]); err != nil {
			return err
		}
	}
	all := append(first.Passages, rest.Passages...)
	wall := first.Wall + rest.Wall

	log := tally{kinds: map[string]int{}}
	for i, s := range ships {
		if err := log.judge(s, all[i], *keep); err != nil {
			return err
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "`go run . fleet -services %d -seed %d` at %s: services of the four shapes of [an organisation's catalogue](../examples/catalogue-kore/README.md)\n"+
		"go from %s to %s, each by `fairway upgrade --take all`, after %d of their files got one to six random edits each, as teams make them:\n"+
		"images, values, env, blocks removed or commented out, sidecars, comments, order, indentation, quotes, flow style, line breaks. %d processes at a time, load %s.\n\n", *services, *seed, describe(), fleetFrom, fleetTo, edited, runtime.NumCPU(), load())
	b.WriteString("| | |\n|---|---|\n")
	row := func(name string, value any) { fmt.Fprintf(&b, "| %s | %v |\n", name, value) }
	row("services", *services)
	row("seconds in all", fmt.Sprintf("%.1f", wall.Seconds()))
	row("milliseconds a service", fmt.Sprintf("%.1f", float64(wall.Milliseconds())/float64(*services)))
	row("milliseconds of CPU a service", fmt.Sprintf("%.1f", float64((first.CPU+rest.CPU).Milliseconds())/float64(*services)))
	row(fmt.Sprintf("peak memory of a process, first %d services", few), fmt.Sprintf("%d MiB", first.PeakBytes>>20))
	row("peak memory of a process, all", fmt.Sprintf("%d MiB", max(first.PeakBytes, rest.PeakBytes)>>20))
	row("files judged", log.files)
	row("services with conflicts for people to decide", log.conflicted)
	row("services that were refused", log.refused)
	row("values of teams lost or altered", log.kinds["a"]+log.kinds["c"])
	row("removals of teams undone", log.kinds["f"])
	row("comments of teams lost or misplaced", log.kinds["e"])
	row("values of the path that did not arrive, without a conflict", log.kinds["b"])
	row("files with lines changed for nothing", log.kinds["d"])
	row("files that are invalid", log.kinds["g"])
	row("new comments of the path that did not arrive", log.kinds["e weak"])
	fmt.Print(b.String())
	for _, line := range log.shown {
		fmt.Println(line)
	}
	if err := section(mergePage, "A fleet", b.String()); err != nil {
		return err
	}
	if lost := log.kinds["a"] + log.kinds["c"] + log.kinds["e"] + log.kinds["f"]; lost > 0 {
		return fmt.Errorf("%d things of teams were lost", lost)
	}
	return nil
}

// lay writes one service of every kind, at the version that the fleet comes from and at the one that it goes to.
func lay(fairway, dir string) (hulls []ship, err error) {
	catalogue, err := filepath.Abs(fleetCatalogue)
	if err != nil {
		return nil, err
	}
	for _, s := range fleetShapes {
		for i, options := range fleetOptions {
			h := ship{dir: filepath.Join(dir, "from", fmt.Sprint(s.shape, i)), fresh: filepath.Join(dir, "to", fmt.Sprint(s.shape, i))}
			for version, to := range map[string]string{fleetFrom: h.dir, fleetTo: h.fresh} {
				args := []string{"new", s.shape + "@" + version, "--catalogue", catalogue, "--dir", to, "--name", "app", "--owner", "payments", "--image", "registry.example.com/app:1.4.2"}
				if err := run(fairway, slices.Concat(args, s.must, options)...); err != nil {
					return nil, err
				}
			}
			if h.base, err = manifests(h.dir); err != nil {
				return nil, err
			}
			hulls = append(hulls, h)
		}
	}
	return hulls, nil
}

// manifests reads the manifests of a service.
func manifests(dir string) (map[string][]byte, error) {
	files := map[string][]byte{}
	paths, err := filepath.Glob(filepath.Join(dir, "k8s", "*.yaml"))
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		files[filepath.Base(path)] = data
	}
	return files, err
}

// launch copies a service and edits its files, and says how many were edited.
func launch(hull ship, dir string, rng *rand.Rand) (ship, int, error) {
	if err := os.CopyFS(dir, os.DirFS(hull.dir)); err != nil {
		return ship{}, 0, err
	}
	s := ship{dir: dir, fresh: hull.fresh, base: hull.base, ours: map[string][]byte{}}
	edited := 0
	for _, name := range slices.Sorted(maps.Keys(s.base)) {
		data := s.base[name]
		if rng.IntN(100) < editedShare {
			data = mergejudge.Edit(rng, data)
			edited++
		}
		s.ours[name] = data
		if err := os.WriteFile(filepath.Join(dir, "k8s", name), data, 0o644); err != nil {
			return s, 0, err
		}
	}
	return s, edited, nil
}

// voyage is what the upgrades of some services came to, and cost.
type voyage struct {
	Passages  []passage
	Wall, CPU time.Duration
	PeakBytes int64 // largest resident set of any process
}

// sail upgrades services, from a process of its own: a child starts with the peak of its parent, and this one has read a lot.
func sail(fairway string, dirs []string) (v voyage, err error) {
	self, err := os.Executable()
	if err != nil {
		return v, err
	}
	cmd := exec.Command(self, "sail", fairway)
	cmd.Stdin, cmd.Stderr = strings.NewReader(strings.Join(dirs, "\n")), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return v, err
	}
	return v, json.Unmarshal(out, &v)
}

// sailChild runs the upgrades whose folders stand on standard input, as many at a time as there are processors.
func sailChild(args []string) error {
	var in bytes.Buffer
	if _, err := in.ReadFrom(os.Stdin); err != nil {
		return err
	}
	dirs := strings.Split(in.String(), "\n")
	v := voyage{Passages: make([]passage, len(dirs))}
	began := time.Now()
	var wait sync.WaitGroup
	var mu sync.Mutex
	next := 0
	failed := make([]error, runtime.NumCPU())
	for w := range failed {
		wait.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= len(dirs) || failed[w] != nil {
					return
				}
				var c cost
				v.Passages[i], c, failed[w] = upgrade(args[0], dirs[i])
				mu.Lock()
				v.CPU += c.CPU
				v.PeakBytes = max(v.PeakBytes, c.PeakBytes)
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	v.Wall = time.Since(began)
	if err := errors.Join(failed...); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(v)
}

// upgrade upgrades one service. Exit code 1 means conflicts; others are kept with what was said.
func upgrade(fairway, dir string) (p passage, c cost, err error) {
	cmd := exec.Command(fairway, "upgrade", dir, "--to", fleetTo, "--take", "all", "--output", "json")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		return p, c, err
	}
	p.Code, p.Stderr = cmd.ProcessState.ExitCode(), stderr.String()
	c = costOf(cmd.ProcessState)
	if p.Code > 1 {
		return p, c, nil
	}
	var report struct {
		Changes []struct {
			Conflicts []struct{ Object, Field string }
		}
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return p, c, fmt.Errorf("the report of %s: %w", dir, err)
	}
	for _, c := range report.Changes {
		for _, x := range c.Conflicts {
			p.Conflicts = append(p.Conflicts, mergejudge.Conflict{Object: x.Object, Field: x.Field})
		}
	}
	return p, c, nil
}

// mostShown is how many faults are printed.
const mostShown = 20

// tally counts what the judge says.
type tally struct {
	files, conflicted, refused int
	kinds                      map[string]int
	shown                      []string
}

func (t *tally) show(format string, args ...any) {
	if len(t.shown) < mostShown {
		t.shown = append(t.shown, fmt.Sprintf(format, args...))
	}
}

// judge judges all files of a service. One that was refused must be as it was.
func (t *tally) judge(s ship, p passage, keep string) error {
	theirs, err := manifests(s.fresh)
	if err != nil {
		return err
	}
	after, err := manifests(s.dir)
	if err != nil {
		return err
	}
	name := filepath.Base(s.dir)
	if p.Code > 1 {
		t.refused++
		t.show("%s: refused: %s", name, strings.TrimSpace(p.Stderr))
		theirs = s.base
	}
	if len(p.Conflicts) > 0 {
		t.conflicted++
	}
	names := map[string]bool{}
	for _, files := range []map[string][]byte{s.base, s.ours, theirs, after} {
		for file := range files {
			names[file] = true
		}
	}
	for file := range names {
		t.files++
		faults, err := mergejudge.Judge(s.base[file], s.ours[file], theirs[file], after[file], among(p.Conflicts, s.base[file], s.ours[file], theirs[file]))
		if err != nil {
			return fmt.Errorf("%s/%s: %w", name, file, err)
		}
		for _, f := range faults {
			kind := f.Guarantee
			if f.Weak {
				kind += " weak"
			} else {
				t.show("%s/%s: %s", name, file, f)
			}
			t.kinds[kind]++
		}
		if keep != "" && len(mergejudge.Strong(faults)) > 0 {
			if err := save(filepath.Join(keep, name+"-"+strings.TrimSuffix(file, ".yaml")), s.base[file], s.ours[file], theirs[file], after[file]); err != nil {
				return err
			}
		}
	}
	return nil
}

// among are the conflicts whose kind of object a file holds.
func among(conflicts []mergejudge.Conflict, files ...[]byte) (in []mergejudge.Conflict) {
	for _, c := range conflicts {
		kind, _, _ := strings.Cut(c.Object, " ")
		if slices.ContainsFunc(files, func(data []byte) bool {
			return bytes.Contains(data, []byte("kind: "+kind)) || bytes.Contains(data, []byte(`"`+kind))
		}) {
			in = append(in, c)
		}
	}
	return in
}

// save keeps base, ours and theirs, and what became of them.
func save(dir string, files ...[]byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	names := []string{"base", "ours", "theirs", "merged"}
	for i, data := range files {
		if err := os.WriteFile(filepath.Join(dir, names[i]+".yaml"), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
