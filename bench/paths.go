package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// coveringSets holds services of every path in which any two values of any two options meet; a test of goldenpath writes it.
const coveringSets = "../internal/goldenpath/testdata/pairwise.txt"

// kustomize builds what fairway new writes, at the version of the API that fairway links.
const kustomize = "sigs.k8s.io/kustomize/kustomize/v5@v5.8.2"

// releases are the Kubernetes modules whose schemas must hold, one of each minor version.
var releases = []string{"k8s.io/kubernetes@v1.33.13", "k8s.io/kubernetes@v1.34.4", "k8s.io/kubernetes@v1.35.4", kubernetes}

// argued are the flags of kube-score for the two criticals that the paths contradict with reasons: there is no CPU limit
// (cpu-limit-none), and an image that never changes is not pulled again (pull-if-not-present). The first flag leaves the rest of its
// check on, memory limit and requests; the second check has no other part.
var argued = []string{"--ignore-container-cpu-limit", "--ignore-test=container-image-pull-policy"}

// asked are the strict rules that speak of what a service file says on purpose, and the words by which it says so. A path lets its
// users have these, so that they are counted apart; the same rule without the words is a fault of the path.
var asked = map[string]*regexp.Regexp{
	"image-digest-missing":    regexp.MustCompile(` image: "[^"@]*"`),
	"replicas-single":         regexp.MustCompile(`(min|replicas): 1[,}]`),
	"replicas-single-worker":  regexp.MustCompile(`min: 1[,}]`),
	"hpa-min-replicas-single": regexp.MustCompile(`min: 1[,}]`),
	"grace-period-very-long":  regexp.MustCompile(`request: 15m|stop: 1h|longestJob: 12h`),
	"limit-request-ratio":     regexp.MustCompile(`memoryLimit: `),
}

// newRuns is how often the time of fairway new is taken.
const newRuns = 10

// pathSet is the covering set of one path.
type pathSet struct {
	name, size string // such as stateless-service@1.0.0, and 39 services, 3794 pairs of values
	services   []string
}

// paths prints what the tools say of what fairway new writes for the covering sets, and what writing it costs. What is neither argued
// nor asked for is an error.
func paths([]string) error {
	sets, err := readSets()
	if err != nil {
		return err
	}
	bin, err := cache()
	if err != nil {
		return err
	}
	if err := build(bin, "", "install", "-trimpath", "-ldflags=-s -w", kustomize); err != nil {
		return err
	}
	w := writer{kustomize: filepath.Join(bin, "kustomize")}
	list, err := tools()
	if err != nil {
		return err
	}
	w.fairway = list[0].path
	judges, err := judges(bin, list)
	if err != nil {
		return err
	}
	if w.dir, err = os.MkdirTemp("", "fairway-bench"); err != nil {
		return err
	}
	defer os.RemoveAll(w.dir)

	fmt.Print("| path | options | manifests |")
	for _, j := range judges {
		fmt.Printf(" %s |", j.name)
	}
	fmt.Println("\n|---|---|---|" + strings.Repeat("---|", len(judges)))
	var faults []fault
	for _, set := range sets {
		manifests, found, err := w.judge(set, judges)
		if err != nil {
			return err
		}
		fmt.Printf("| %s | %s | %d |", set.name, set.size, manifests)
		for _, j := range judges {
			fmt.Printf(" %s |", cell(found, j.name))
		}
		fmt.Println()
		faults = append(faults, found...)
	}
	left := 0
	for _, f := range faults {
		if f.asked {
			fmt.Printf("\n%s: %s: %s, asked for %d times\n", f.set, f.judge, f.check, f.times)
			continue
		}
		fmt.Printf("\n%s: %s: %s, %d times, such as\n    %s\n    %s\n", f.set, f.judge, f.check, f.times, f.about, f.service)
		if f.judge != "kube-score" { // its argued criticals are among them; the judge behind it has the others
			left += f.times
		}
	}
	if err := w.speed(sets); err != nil {
		return err
	}
	if left > 0 {
		return fmt.Errorf("%d findings", left)
	}
	return nil
}

// cell says how much one judge found.
func cell(faults []fault, judge string) string {
	times := map[bool]int{} // by whether it was asked for
	for _, f := range faults {
		if f.judge == judge {
			times[f.asked] += f.times
		}
	}
	if times[true] == 0 {
		return fmt.Sprint(times[false])
	}
	return fmt.Sprintf("%d, and %d asked for", times[false], times[true])
}

// readSets reads the covering sets.
func readSets() (sets []pathSet, err error) {
	data, err := os.ReadFile(coveringSets)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if m := setLine.FindStringSubmatch(line); m != nil {
			sets = append(sets, pathSet{name: m[1], size: m[2]})
		}
		if m := serviceLine.FindStringSubmatch(line); m != nil && len(sets) > 0 {
			set := &sets[len(sets)-1]
			set.services = append(set.services, m[1])
		}
	}
	if len(sets) == 0 {
		return nil, fmt.Errorf("%s has no covering set", coveringSets)
	}
	return sets, nil
}

var (
	setLine     = regexp.MustCompile(`^# ([a-z-]+@[0-9.]+): (.*)`)
	serviceLine = regexp.MustCompile(`^[0-9a-f]{16} (\{.*)`)
)

// judges are the tools as the paths must please them. The first reads what was written, the others what kustomize builds of it.
func judges(bin string, list []tool) ([]tool, error) {
	fairway, score, conform := list[0], list[1], list[2]
	fairway.name = "fairway, strict"
	fairway.all = func(d string) []string {
		return []string{fairway.path, "lint", "--profile=strict", "--fail-on=never", "-o=json", d}
	}
	out := []tool{fairway}
	for _, module := range releases {
		dir, err := schemas(bin, module)
		if err != nil {
			return nil, err
		}
		if err := customSchemas(dir, "keda"); err != nil {
			return nil, err
		}
		c := conform
		c.name = "kubeconform, " + releaseOf(module)
		c.all = func(d string) []string {
			return []string{conform.path, "-strict", "-output=json", "-schema-location", schemaLocation(dir), d}
		}
		out = append(out, c)
	}
	score.name, score.found = "kube-score", kubeScoreBelow(5)
	plain := func(d string) []string {
		return append([]string{score.path, "score", "-o=json", "--kubernetes-version=v1.36"}, yamlFiles(d)...)
	}
	score.all = plain
	rest := score
	rest.name = "kube-score, argued left out"
	rest.all = func(d string) []string { return append(plain(d), argued...) }
	return append(out, score, rest), nil
}

// fault is what one judge says of a path by one check.
type fault struct {
	set, judge, check string
	asked             bool
	times             int    // in how many manifests, or services for the first judge
	about, service    string // of the first time
}

// writer makes services below a folder.
type writer struct{ fairway, kustomize, dir string }

// write writes a service, builds it, and returns its folder and one for each manifest built. Flags are those of fairway new.
func (w writer) write(name, service string, flags ...string) (dir string, built []string, err error) {
	dir = filepath.Join(w.dir, name)
	if err := os.WriteFile(dir+".yaml", []byte(service+"\n"), 0o644); err != nil {
		return "", nil, err
	}
	if err := run(w.fairway, append([]string{"new", "--from", dir + ".yaml", "--dir", dir}, flags...)...); err != nil {
		return "", nil, err
	}
	built, err = w.build(dir)
	return dir, built, err
}

// build builds the base and each cloud of a service, and returns a folder for each with one manifest.
func (w writer) build(dir string) (manifests []string, err error) {
	found, err := filepath.Glob(filepath.Join(dir, "deploy", "*", "kustomization.yaml"))
	if err != nil {
		return nil, err
	}
	if whole := filepath.Join(dir, "k8s", "kustomization.yaml"); exists(whole) { // of a catalogue without overlays
		found = append(found, whole)
	}
	for _, file := range found {
		from := filepath.Dir(file)
		to := filepath.Join(dir+"-built", filepath.Base(from))
		if err := os.MkdirAll(to, 0o755); err != nil {
			return nil, err
		}
		if err := run(w.kustomize, "build", from, "-o", filepath.Join(to, "all.yaml")); err != nil {
			return nil, err
		}
		manifests = append(manifests, to)
	}
	return manifests, nil
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func run(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return nil
}

// judge writes the services of a set, and returns how many manifests were built and what was found.
func (w writer) judge(set pathSet, judges []tool) (manifests int, faults []fault, err error) {
	for i, service := range set.services {
		dir, built, err := w.write(fmt.Sprint(set.name, i), service)
		if err != nil {
			return 0, nil, err
		}
		manifests += len(built)
		for n, j := range judges {
			inputs := built
			if n == 0 {
				inputs = []string{dir}
			}
			for _, input := range inputs {
				found, err := hits(j, input)
				if err != nil {
					return 0, nil, err
				}
				faults = count(faults, found, fault{set: set.name, judge: j.name, times: 1, service: service})
			}
		}
	}
	return manifests, faults, nil
}

// count adds each check that found something in one input to the faults.
func count(faults []fault, found []hit, f fault) []fault {
	slices.SortStableFunc(found, func(a, b hit) int { return strings.Compare(a.check, b.check) })
	for i, h := range found {
		if i > 0 && h.check == found[i-1].check {
			continue
		}
		f.check, f.about = h.check, h.about
		words := asked[h.check]
		f.asked = words != nil && words.MatchString(f.service)
		same := func(x fault) bool {
			return x.set == f.set && x.judge == f.judge && x.check == f.check && x.asked == f.asked
		}
		if at := slices.IndexFunc(faults, same); at >= 0 {
			faults[at].times++
			continue
		}
		faults = append(faults, f)
	}
	return faults
}

// speed prints what fairway new costs, from no folder to all files, and 1,000 renderings in one process.
func (w writer) speed(sets []pathSet) error {
	fmt.Printf("\n| fairway new, median of %d | CPU ms | wall ms | slowest, wall ms |\n|---|---|---|---|\n", newRuns)
	for _, set := range sets {
		largest := slices.MaxFunc(set.services, func(a, b string) int { return len(a) - len(b) })
		from := filepath.Join(w.dir, "largest.yaml")
		if err := os.WriteFile(from, []byte(largest+"\n"), 0o644); err != nil {
			return err
		}
		var costs []cost
		for i := range newRuns {
			c, err := measure("", []string{w.fairway, "new", "--from", from, "--dir", filepath.Join(w.dir, fmt.Sprint("new-", set.name, i))})
			if err != nil {
				return err
			}
			costs = append(costs, c)
		}
		wall := func(c cost) time.Duration { return c.Wall }
		slowest := slices.MaxFunc(costs, func(a, b cost) int { return int(a.Wall - b.Wall) })
		fmt.Printf("| %s, the largest service file | %d | %d | %d |\n", set.name, median(costs, func(c cost) time.Duration { return c.CPU }).Milliseconds(),
			median(costs, wall).Milliseconds(), slowest.Wall.Milliseconds())
	}
	test := filepath.Join(w.dir, "goldenpath.test")
	if err := build("", "..", "test", "-c", "-o", test, "./internal/goldenpath"); err != nil {
		return err
	}
	var costs []cost
	for range 5 {
		c, err := measure("../internal/goldenpath", []string{test, "-test.run=^$", "-test.bench=^BenchmarkRender1000$", "-test.benchtime=1x"})
		if err != nil {
			return err
		}
		costs = append(costs, c)
	}
	fmt.Printf("\n1,000 services of the sets rendered by one process, its start included, median of %d: %.2f CPU s, %.2f wall s, peak %d MiB. Load at the end: %s\n",
		len(costs), median(costs, func(c cost) time.Duration { return c.CPU }).Seconds(), median(costs, func(c cost) time.Duration { return c.Wall }).Seconds(),
		median(costs, func(c cost) int64 { return c.PeakBytes })>>20, load())
	return nil
}
