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
	{"stateful-service", []string{"--set", "backup=nightly dump to an object store", "--set", "storageClass=gp3"}},
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
	Error     string // why it was refused
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
	_, fairway, err := buildFairway()
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
	const few = 10 // whose memory that of all is compared with
	for i := range *services {
		s, n, err := launch(hulls[i%len(hulls)], filepath.Join(dir, "fleet", fmt.Sprintf("%04d", i)), rand.New(rand.NewPCG(*seed, uint64(i))))
		if err != nil {
			return err
		}
		ships, edited = append(ships, s), edited+n
		if i < few {
			if err := os.CopyFS(filepath.Join(dir, "few", filepath.Base(s.dir)), os.DirFS(s.dir)); err != nil {
				return err
			}
		}
	}

	_, first, err := sail(fairway, filepath.Join(dir, "few"))
	if err != nil {
		return err
	}
	all, c, err := sail(fairway, filepath.Join(dir, "fleet"))
	if err != nil {
		return err
	}

	log := tally{kinds: map[string]int{}}
	for _, s := range ships {
		p, ok := all[filepath.Base(s.dir)]
		if !ok {
			return fmt.Errorf("%s is not in the report", s.dir)
		}
		if err := log.judge(s, p, *keep); err != nil {
			return err
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "`go run . fleet -services %d -seed %d` at %s: services of the four shapes of [an organisation's catalogue](../examples/catalogue-kore/README.md)\n"+
		"go from %s to %s by one `fairway upgrade --take all` over their folder, after %d of their files got one to six random edits each, as teams make them:\n"+
		"images, values, env, blocks removed or commented out, sidecars, comments, order, indentation, quotes, flow style, line breaks. %d processors, load %s.\n\n", *services, *seed, describe(), fleetFrom, fleetTo, edited, runtime.NumCPU(), load())
	b.WriteString("| | |\n|---|---|\n")
	row := func(name string, value any) { fmt.Fprintf(&b, "| %s | %v |\n", name, value) }
	row("services", *services)
	row("seconds in all", fmt.Sprintf("%.1f", c.Wall.Seconds()))
	row("milliseconds a service", fmt.Sprintf("%.1f", float64(c.Wall.Milliseconds())/float64(*services)))
	row("milliseconds of CPU a service", fmt.Sprintf("%.1f", float64(c.CPU.Milliseconds())/float64(*services)))
	row(fmt.Sprintf("peak memory, %d services", few), fmt.Sprintf("%d MiB", first.PeakBytes>>20))
	row("peak memory, all", fmt.Sprintf("%d MiB", c.PeakBytes>>20))
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

// sail upgrades all services below a folder in one run, and returns what became of each by the name of its folder.
func sail(fairway, dir string) (map[string]passage, cost, error) {
	report := dir + ".json"
	self, err := os.Executable()
	if err != nil {
		return nil, cost{}, err
	}
	cmd := exec.Command(self, "sail", report, fairway, "upgrade", dir, "--to", fleetTo, "--take", "all", "--output", "json")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, cost{}, err
	}
	var c cost
	if err := json.Unmarshal(out, &c); err != nil {
		return nil, c, err
	}
	data, err := os.ReadFile(report)
	if err != nil {
		return nil, c, err
	}
	var all struct {
		Services []struct {
			Dir, Error string
			Changes    []struct {
				Conflicts []struct{ Object, Field string }
			}
		}
	}
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, c, err
	}
	passages := map[string]passage{}
	for _, s := range all.Services {
		p := passage{Error: s.Error}
		for _, c := range s.Changes {
			for _, x := range c.Conflicts {
				p.Conflicts = append(p.Conflicts, mergejudge.Conflict{Object: x.Object, Field: x.Field})
			}
		}
		passages[filepath.Base(s.Dir)] = p
	}
	return passages, c, nil
}

// sailChild runs a command with its output in a file. It has a process of its own: a child starts with the peak of its parent, and that one has
// read a lot.
func sailChild(args []string) error {
	out, err := os.Create(args[0])
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := exec.Command(args[1], args[2:]...)
	cmd.Stdout = out
	began := time.Now()
	err = cmd.Run()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		return err
	}
	c := costOf(cmd.ProcessState)
	c.Wall = time.Since(began)
	return json.NewEncoder(os.Stdout).Encode(c)
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
	if p.Error != "" {
		t.refused++
		t.show("%s: refused: %s", name, p.Error)
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
