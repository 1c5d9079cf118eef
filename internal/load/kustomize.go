package load

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/source"
)

// role is what kustomizations make of a file.
type role uint8

const (
	roleNone  role = iota
	roleInput      // a patch, configuration or generator source
	roleBuilt      // a resource of a kustomization that was built
)

// kustomization is one folder with a kustomization, and what its file refers to.
type kustomization struct {
	folder
	file      *source.File
	at        source.Node // the file's root
	foreign   bool        // the file is only called like a kustomization
	fence     fence       // what may be read for it
	named     bool        // it is in the input, not only referred to from there
	component bool
	refers    []string // folders with the kustomizations below, real paths
	bases     []*kustomization
	resources []string // files, real paths
	inputs    []string // patches and the like, real paths
	generates bool     // it makes objects of something else than files
	failures  []finding.Failure
	skipped   []finding.Skipped // what keeps it from being built
	referrers int

	tried, covered bool
	broken         bool // it failed to build for a reason that is not in failures
	told           bool // its failures and skips are among the input's
}

// kustomize is all kustomizations of the input and of what they refer to.
type kustomize struct {
	l        *loader
	byFolder map[string]*kustomization
	order    []*kustomization
	roles    map[string]role
	bomb     map[string]bool   // files that were checked for alias bombs
	users    map[string]string // for files with roleInput, the kustomization that uses them
	built    []*build
	units    []*unit        // files that are only called like a kustomization
	files    []*source.File // kustomizations with failures
	skipped  []finding.Skipped
	failures []finding.Failure
	stats    Stats
}

// newKustomize reads the kustomizations of some folders and those they refer to. The kustomizations of the beside folders, in
// which files were named one by one, only tell which of those files are patches.
func newKustomize(l *loader, folders, beside []folder) *kustomize {
	k := &kustomize{l: l, byFolder: map[string]*kustomization{}, roles: map[string]role{}, users: map[string]string{}, bomb: map[string]bool{}}
	slices.SortFunc(folders, func(a, b folder) int { return cmp.Compare(a.name, b.name) })
	names := map[string]string{}
	for _, f := range folders {
		names[f.real] = f.name
	}
	for _, f := range folders {
		k.visit(f.real, names).named = true
	}
	for _, x := range k.order {
		for _, b := range x.bases {
			b.referrers++
		}
		k.assign(x)
	}
	for _, f := range beside {
		if k.byFolder[f.real] == nil && l.kustomizationIn(f.real) != "" {
			k.assign(k.open(f))
		}
	}
	return k
}

// assign gives the files that x uses up their role.
func (k *kustomize) assign(x *kustomization) {
	for _, file := range x.inputs {
		k.roles[file] = roleInput
		k.users[file] = cmp.Or(k.users[file], x.name)
	}
}

// visit reads the kustomization of a folder, once.
func (k *kustomize) visit(dir string, names map[string]string) *kustomization {
	if x := k.byFolder[dir]; x != nil {
		return x
	}
	name, ok := names[dir]
	if !ok {
		name = k.l.show(dir)
	}
	x := k.open(folder{real: dir, name: name})
	k.byFolder[dir] = x
	k.order = append(k.order, x)
	if x.foreign {
		return x
	}
	k.stats.Files++
	k.stats.Documents++
	if x.file != nil {
		k.stats.Bytes += int64(len(x.file.Data))
	}
	for _, base := range x.refers {
		x.bases = append(x.bases, k.visit(base, names))
	}
	return x
}

// open reads the kustomization of a folder, and nothing that it refers to.
func (k *kustomize) open(f folder) *kustomization {
	x := &kustomization{folder: f, fence: k.l.fenceOf(f.real)}
	file := k.l.kustomizationIn(f.real)
	if file == "" {
		x.fail(source.Node{}, "the kustomization is no file, or cannot be read", "mend or remove it")
		return x
	}
	at := filepath.Join(f.real, file)
	if real, err := k.l.disk.EvalSymlinks(at); err == nil && !x.fence.holds(real) {
		x.fail(source.Node{}, "the kustomization is a link that leads out of "+k.l.border(x.fence)+", and nothing outside is read", "put the file itself there")
		return x
	}
	u := k.l.read(context.Background(), entry{real: at, name: joinName(f.name, file), explicit: true})
	if len(u.trees) > 0 { // a Kustomization of Flux, say: an object like any other
		x.foreign, x.tried = true, true
		k.units = append(k.units, u)
		return x
	}
	x.file = u.file
	if u.file != nil {
		for _, d := range u.file.Docs {
			if x.at = d.Root.Resolve(); !x.at.IsZero() {
				break
			}
		}
	}
	x.failures = append(x.failures, u.failures...)
	switch {
	case len(x.failures) > 0 || x.at.Kind() == source.Mapping:
	case x.at.IsZero() || x.at.Type() == source.NullValue:
		x.fail(source.Node{}, "the kustomization is empty", "list its resources")
	default:
		x.fail(x.at, "the kustomization is no mapping of fields", "list what is in it under resources:")
	}
	x.component = x.at.Get("kind").Resolve().Text() == "Component"
	r := references{l: k.l, k: x}
	r.read()
	x.refers = r.bases
	return x
}

// joinName is path.Join for names in messages: it keeps what the user typed.
func joinName(folder, file string) string {
	if folder == "." {
		return file
	}
	return strings.TrimSuffix(folder, "/") + "/" + file
}

// kustomizationIn returns the name of the kustomization file in a folder, "" when there is none.
func (l *loader) kustomizationIn(dir string) string {
	for _, name := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization"} {
		if info, err := l.disk.Stat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
			return name
		}
	}
	return ""
}

func (x *kustomization) fail(at source.Node, message, hint string) {
	x.failures = append(x.failures, finding.Failure{Place: x.place(at), Message: message, Hint: hint})
}

func (x *kustomization) place(at source.Node) finding.Place {
	if !at.IsZero() {
		return spanPlace(at)
	}
	if x.file != nil {
		return finding.Place{File: x.file.Name, Line: 1, Column: 1, EndLine: 1, EndColumn: 1}
	}
	return finding.Place{File: x.name}
}

// spanPlace is the whole of a node on one line.
func spanPlace(n source.Node) finding.Place {
	p := place(n)
	if end := n.File().Position(n.Span().End); end.Line == p.Line {
		p.EndColumn = end.Column
	}
	return p
}

// references reads what a kustomization refers to. Every reference is looked up here, so that kustomize itself never meets one
// that it would fetch from a network: what is neither a file nor a folder keeps the kustomization from being built.
type references struct {
	l       *loader
	k       *kustomization
	bases   []string
	missing []source.Node
}

func (r *references) read() {
	at := r.k.at
	r.untagged(at, source.Node{})
	for _, field := range []string{"resources", "bases", "components"} {
		for _, n := range r.get(at, field).Items() {
			r.resource(n)
		}
	}
	for _, field := range []string{"generators", "transformers", "validators"} {
		for _, n := range r.get(at, field).Items() {
			r.plugin(n)
		}
	}
	for _, field := range []string{"configurations", "crds"} {
		for _, n := range r.get(at, field).Items() {
			r.input(n)
		}
	}
	for _, n := range r.get(at, "patchesStrategicMerge").Items() {
		if n = n.Resolve(); !strings.Contains(n.Text(), "\n") || fetches(n.Text()) {
			r.input(n)
		}
	}
	for _, field := range []string{"patches", "patchesJson6902", "replacements"} {
		for _, n := range r.get(at, field).Items() {
			if n.Resolve().Kind() == source.Scalar { // how patches were listed before they could have targets
				r.input(n)
				continue
			}
			r.input(r.get(n, "path"))
		}
	}
	r.input(r.get(r.get(at, "openapi"), "path"))
	for _, field := range []string{"configMapGenerator", "secretGenerator"} {
		for _, n := range r.get(at, field).Items() {
			r.k.generates = true
			for _, f := range r.get(n, "files").Items() {
				r.generatorSource(f)
			}
			for _, f := range r.get(n, "envs").Items() {
				r.input(f)
			}
			r.input(r.get(n, "env"))
		}
	}
	r.charts()
	if n := len(r.missing); n > 0 {
		text, _, _ := strings.Cut(r.missing[0].Text(), "\n")
		if n == 1 {
			text += " is"
		} else {
			text = fmt.Sprintf("%s and %d more are", text, n-1)
		}
		r.k.fail(r.missing[0], text+" not there", "mend the path; paths are relative to "+r.k.name)
	}
}

// lookup finds a file or folder; what is not there is noted as remote or missing, and info is nil.
func (r *references) lookup(n source.Node, text string) (real string, info fs.FileInfo) {
	if fetches(text) {
		r.remote(n, text)
		return "", nil
	}
	at := text
	if !filepath.IsAbs(at) {
		at = filepath.Join(r.k.real, filepath.FromSlash(text))
	}
	if info, err := r.l.disk.Stat(at); err == nil {
		if real, err := r.l.disk.EvalSymlinks(at); err == nil {
			// Without a repository, bases may lie anywhere, as for kustomize.
			if !r.k.fence.holds(real) && (!info.IsDir() || r.l.repositoryOf(r.k.real) != "") {
				r.stray(n, text)
				return "", nil
			}
			return real, info
		}
	}
	if host, _, path := strings.Cut(text, "/"); path && strings.Contains(host, ".") && strings.Trim(host, ".") != "" {
		r.remote(n, text) // example.com/team/repository
	} else {
		r.missing = append(r.missing, n)
	}
	return "", nil
}

// stray notes a reference that leads out of the fence.
func (r *references) stray(n source.Node, text string) {
	r.k.fail(n, text+" leads out of "+r.l.border(r.k.fence)+", and nothing outside is read", "keep what a build needs beside it, in one Git repository")
}

// strayLink notes a link in a chart that leads out of the fence, and reports whether there is one.
func (r *references) strayLink(n source.Node, chart string) bool {
	link := r.l.strays(chart, r.k.fence)
	if link != "" {
		r.stray(n, r.l.show(link))
	}
	return link != ""
}

func (r *references) remote(n source.Node, text string) {
	first, _, _ := strings.Cut(text, "\n")
	r.k.skipped = append(r.k.skipped, finding.Skipped{Place: spanPlace(n), Reason: RemoteResource, Detail: first + " would have to be fetched; local files were read one by one"})
}

// fetches reports whether kustomize could take a reference for something to fetch, even if there is a file of that name
// (api/internal/loader/fileloader.go, IsRemoteFile, and api/internal/git/repospec.go, extractHost, v0.21.2). It may say yes too
// often, never no wrongly.
func fetches(text string) bool { return fetched.MatchString(text) }

var fetched = regexp.MustCompile(`(?i)^\s*(git::|(https?|ssh|file):|[a-z][a-z0-9-]*@|github\.com[/:])`)

// get returns a field. kustomize reads names of fields without regard to case, so that a field that is written differently is
// one that would not be looked at here: it keeps the kustomization from being built.
func (r *references) get(n source.Node, field string) source.Node {
	r.spelled(n.Resolve(), field, map[source.Node]bool{})
	return n.Resolve().Get(field).Resolve()
}

// spelled looks for another way to write a field, in a mapping and in what is merged into it.
func (r *references) spelled(n source.Node, field string, seen map[source.Node]bool) {
	if seen[n] {
		return
	}
	seen[n] = true
	for e := range n.Entries() {
		switch name := e.Key.Text(); {
		case name == "<<":
			merged := e.Value.Resolve()
			r.spelled(merged, field, seen)
			for _, m := range merged.Items() {
				r.spelled(m.Resolve(), field, seen)
			}
		case name != field && strings.EqualFold(name, field):
			r.k.fail(e.Key, "field "+name+" is called "+field, "write "+field)
		}
	}
}

// resource is an entry of resources, bases or components: a file with objects, or a folder with a kustomization.
func (r *references) resource(n source.Node) {
	n = n.Resolve()
	text := n.Text()
	if text == "" {
		r.k.fail(n, "an empty reference", "remove it or name a file or folder")
		return
	}
	real, info := r.lookup(n, text)
	switch {
	case info == nil:
	case info.IsDir() && r.l.kustomizationIn(real) == "":
		r.k.fail(n, "folder "+text+" holds no kustomization", "name the files in it, or add a kustomization.yaml there")
	case info.IsDir():
		r.bases = append(r.bases, real)
	case !info.Mode().IsRegular():
		r.k.fail(n, text+" is "+what(info.Mode())+", no file", "name a file")
	case isKustomization(filepath.Base(real)) && len(r.l.read(context.Background(), entry{real: real, name: r.l.show(real), explicit: true}).trees) == 0:
		r.k.fail(n, text+" is a kustomization, no resource", "name its folder, if it is another one")
	default:
		r.k.resources = append(r.k.resources, real)
	}
}

// input is a file that is used up: a patch, a configuration.
func (r *references) input(n source.Node) {
	if n = n.Resolve(); n.Text() != "" {
		r.use(n, n.Text())
	}
}

// generatorSource is an entry of a generator's files: [key=]path.
func (r *references) generatorSource(n source.Node) {
	n = n.Resolve()
	text := n.Text()
	if _, after, ok := strings.Cut(text, "="); ok && !fetches(text) {
		text = after
	}
	r.use(n, text)
}

// use notes a file that is used up. n is where text, its path, stands.
func (r *references) use(n source.Node, text string) {
	real, info := r.lookup(n, text)
	switch {
	case info == nil:
	case !info.Mode().IsRegular():
		r.k.fail(n, text+" is "+what(info.Mode())+", no file", "name a file")
	default:
		r.k.inputs = append(r.k.inputs, real)
	}
}

// plugin is an entry of generators, transformers or validators: a file, a folder with a kustomization, or YAML in place. What
// its configuration refers to is looked up as well.
func (r *references) plugin(n source.Node) {
	n = n.Resolve()
	text := n.Text()
	// Whatever kustomize cannot use as YAML in place, it takes for a path, so that a folder may well be called like YAML.
	if inPlace := source.Parse(r.k.name, []byte(text)); !fetches(text) && holdsMapping(inPlace) {
		r.configs(n, inPlace)
		if _, err := r.l.disk.Stat(filepath.Join(r.k.real, text)); err != nil {
			return
		}
	}
	real, info := r.lookup(n, text)
	switch {
	case info == nil:
		return
	case info.IsDir():
		r.bases = append(r.bases, real)
		// Patches there can turn any object into a configuration that reads what it likes.
		r.k.skipped = append(r.k.skipped, finding.Skipped{Place: spanPlace(n), Reason: Kustomization,
			Detail: "only a build of " + text + " shows what would be fetched for it; check it with: kustomize build " + r.k.name + " | fairway lint -"})
		return
	case !info.Mode().IsRegular():
		r.k.fail(n, text+" is "+what(info.Mode())+", no file", "name a file")
		return
	}
	r.k.inputs = append(r.k.inputs, real)
	u := r.l.read(context.Background(), entry{real: real, name: r.l.show(real), explicit: true})
	if u.file == nil {
		r.k.failures = append(r.k.failures, u.failures...)
		return
	}
	r.configs(n, u.file)
}

func holdsMapping(f *source.File) bool {
	return slices.ContainsFunc(f.Docs, func(d source.Document) bool { return d.Root.Kind() == source.Mapping })
}

// configs looks up what the configurations of plugins in a file, or in place, would read.
func (r *references) configs(at source.Node, f *source.File) {
	for _, d := range f.Docs {
		if d.Err != nil {
			r.k.fail(at, "the configuration of a plugin cannot be read: "+d.Err.Message, cmp.Or(d.Err.Hint, "mend it"))
			continue
		}
		r.untagged(d.Root, at)
		r.config(at, d.Root)
	}
}

// untagged refuses tags: !!binary hides what a text says, in a reference or in the name of a field. The place is that of the tag
// when at is none.
func (r *references) untagged(n, at source.Node) {
	if tag := n.Tag(); tag != "" {
		r.k.fail(cmp.Or(at, n), "the tag "+tag+" hides what is referred to", "write the value without a tag")
	}
	for e := range n.Entries() {
		r.untagged(e.Key, at)
		r.untagged(e.Value, at)
	}
	for _, item := range n.Items() {
		r.untagged(item, at)
	}
}

// config looks up what a plugin's configuration would read. Places are those of the entry that names the configuration.
func (r *references) config(at, n source.Node) {
	switch n = n.Resolve(); n.Kind() {
	case source.Sequence:
		for _, item := range n.Items() {
			r.config(at, item)
		}
	case source.Mapping:
		if kind := n.Get("kind").Text(); kind == "HelmChartInflationGenerator" {
			r.helmSkip(at, "it inflates a Helm chart")
		}
		for e := range n.Entries() {
			// kustomize reads names of fields without regard to case.
			refers := slices.ContainsFunc([]string{"path", "paths", "files", "envs", "env", "repo"}, func(field string) bool { return strings.EqualFold(field, e.Key.Text()) })
			switch {
			case refers && mentionsRemote(e.Value):
				r.k.skipped = append(r.k.skipped, finding.Skipped{Place: spanPlace(at), Reason: RemoteResource, Detail: "its configuration names something that would have to be fetched"})
			default:
				r.config(at, e.Value)
			}
		}
	}
}

func mentionsRemote(n source.Node) bool {
	switch n = n.Resolve(); n.Kind() {
	case source.Scalar:
		_, source, _ := strings.Cut(n.Text(), "=") // key=file of a generator
		return fetches(n.Text()) || fetches(source)
	case source.Sequence:
		for _, item := range n.Items() {
			if mentionsRemote(item) {
				return true
			}
		}
	}
	return false
}

// charts are Helm charts that kustomize would inflate: only those that are there, and only with the user's helm.
func (r *references) charts() {
	charts := r.get(r.k.at, "helmCharts")
	for _, n := range charts.Items() {
		r.k.generates = true
		home := cmp.Or(r.get(r.get(r.k.at, "helmGlobals"), "chartHome").Text(), "charts")
		if version := r.get(n, "version").Text(); version != "" && r.get(n, "repo").Text() != "" {
			home = filepath.Join(home, r.get(n, "name").Text()+"-"+version)
		}
		if !filepath.IsAbs(home) {
			home = filepath.Join(r.k.real, home)
		}
		name := r.get(n, "name").Text()
		chart, info := filepath.Join(home, name), fs.FileInfo(nil)
		real, err := r.l.disk.EvalSymlinks(chart)
		if err == nil {
			info, err = r.l.disk.Stat(chart)
		}
		switch {
		case name != filepath.Base(name): // kustomize writes a file of this name into its temporary folder, or beside it
			r.k.fail(r.get(n, "name"), "chart "+name+" is named by a path", "write helmGlobals.chartHome for the folder that it is in, and the name alone")
		case err != nil || !info.IsDir():
			r.helmSkip(n, fmt.Sprintf("chart %s would have to be fetched", name))
		case !r.k.fence.holds(real):
			r.stray(n, "chart "+name)
		case r.strayLink(n, real):
		case r.get(r.get(r.k.at, "helmGlobals"), "configHome").Text() != "":
			r.helmSkip(n, "it brings helm's configuration, and with it plugins, of its own")
		case r.get(n, "nameTemplate").Text() != "":
			r.helmSkip(n, "its nameTemplate can read the environment and ask name servers")
		case r.l.Helm == "":
			r.helmSkip(n, "it inflates chart "+name+" and there is no helm to do it")
		}
		r.input(r.get(n, "valuesFile"))
		for _, f := range r.get(n, "additionalValuesFiles").Items() {
			r.input(f)
		}
	}
	for _, n := range r.get(r.k.at, "helmChartInflationGenerator").Items() {
		r.helmSkip(n, "it inflates a chart in a way that kustomize has given up; use helmCharts")
	}
}

func (r *references) helmSkip(n source.Node, why string) {
	r.k.skipped = append(r.k.skipped, finding.Skipped{Place: place(n), Reason: HelmChart, Detail: why + "; check it with: kustomize build --enable-helm " + r.k.name + " | fairway lint -"})
}

// build builds every kustomization that no other one refers to. Where one cannot be built, those it refers to are tried on their
// own.
func (k *kustomize) build(ctx context.Context) {
	for _, x := range k.order {
		if x.referrers == 0 {
			k.try(ctx, x)
		}
	}
	for again := true; again; {
		again = false
		for _, x := range k.order {
			if !x.tried && !x.covered && k.given(x) {
				k.try(ctx, x)
				again = true
			}
		}
	}
	for _, x := range k.order { // what is left refers to itself in a circle
		if !x.tried && !x.covered && x.named && !x.component {
			k.try(ctx, x)
		}
	}
	for _, x := range k.order {
		switch {
		case x.foreign:
		case x.covered:
			k.stats.Loaded++
		case x.told && len(x.failures) > 0 || x.broken:
			k.stats.FailedDocuments++
		default:
			k.stats.SkippedDocuments++
			if x.named && !x.told {
				k.skipped = append(k.skipped, finding.Skipped{Place: x.place(source.Node{}), Reason: Kustomization, Detail: "no kustomization in the input that could be built uses it"})
			}
		}
	}
}

// given reports whether everything that refers to x was tried in vain.
func (k *kustomize) given(x *kustomization) bool {
	for _, y := range k.order {
		if slices.Contains(y.bases, x) && !y.tried {
			return false
		}
	}
	return true
}

// try builds x, unless something keeps it from being built.
func (k *kustomize) try(ctx context.Context, x *kustomization) {
	x.tried = true
	if x.foreign || x.component || !x.named || ctx.Err() != nil {
		return
	}
	var all []*kustomization
	if circle := closure(x, nil, &all); circle != nil {
		for _, y := range all {
			y.tried, y.broken = true, true
		}
		k.note(x.place(source.Node{}), "kustomizations refer to each other in a circle: "+strings.Join(circle, " -> "), "remove one of the references")
		return
	}
	if loads(x, map[*kustomization]int{}) > maxLoads {
		x.broken = true
		k.note(x.place(source.Node{}), fmt.Sprintf("kustomize would read more than %d files for it, the same ones again and again", maxLoads), "refer to each base once")
		return
	}
	blocked := false
	for _, y := range all {
		blocked = blocked || len(y.failures)+len(y.skipped) > 0
		if !y.told {
			y.told = true
			k.failures = append(k.failures, y.failures...)
			k.skipped = append(k.skipped, y.skipped...)
			if y.file != nil && len(y.failures) > 0 {
				k.files = append(k.files, y.file)
			}
		}
	}
	if !blocked {
		blocked = k.bombs(all)
	}
	if blocked {
		return
	}
	b, err := k.l.run(x, all)
	if err != nil {
		x.broken = true
		k.note(x.place(source.Node{}), "kustomize cannot build it: "+reason(err, k.l), "run kustomize build "+x.name+" to see the same")
		return
	}
	k.built = append(k.built, b)
	for _, y := range all {
		y.covered = true
		for _, file := range y.resources {
			k.roles[file] = roleBuilt
		}
	}
}

// maxLoads is far above what is built in one piece: kustomize compares each object with all others.
const maxLoads = 10_000

// loads is how many files kustomize reads for x, at most maxLoads+1: those of a base once for each way that leads to it, so that a
// few folders can make more than any machine can hold.
func loads(x *kustomization, known map[*kustomization]int) int {
	if n, ok := known[x]; ok {
		return n
	}
	n := 1 + len(x.resources)
	for _, b := range x.bases {
		n = min(n+loads(b, known), maxLoads+1)
	}
	known[x] = n
	return n
}

// bombs reports whether some file would explode in kustomize, which replaces every alias by a copy of what it stands for.
func (k *kustomize) bombs(all []*kustomization) (found bool) {
	for _, x := range all {
		for _, file := range slices.Concat(x.resources, x.inputs) {
			bomb, checked := k.bomb[file]
			if !checked {
				bomb = k.explodes(file)
				k.bomb[file] = bomb
			}
			if bomb {
				x.broken, found = true, true
			}
		}
	}
	return found
}

func (k *kustomize) explodes(file string) bool {
	u := k.l.read(context.Background(), entry{real: file, name: k.l.show(file)})
	if u.file == nil || bytes.IndexByte(u.file.Data, '*') < 0 || bytes.IndexByte(u.file.Data, '&') < 0 {
		return false
	}
	for _, d := range u.file.Docs {
		if d.Root.IsZero() {
			continue
		}
		if _, err := d.Root.AppendJSON(nil); err != nil {
			k.note(place(d.Root), "cannot be built: "+err.Error(), "write what the aliases stand for")
			return true
		}
	}
	return false
}

func (k *kustomize) note(p finding.Place, message, hint string) {
	k.failures = append(k.failures, finding.Failure{Place: p, Message: message, Hint: hint})
}

// closure collects x and everything it refers to. It returns the names of a circle when there is one.
func closure(x *kustomization, above []*kustomization, all *[]*kustomization) (circle []string) {
	if i := slices.Index(above, x); i >= 0 {
		for _, y := range above[i:] {
			circle = append(circle, y.name)
		}
		return append(circle, x.name)
	}
	if slices.Contains(*all, x) {
		return nil
	}
	*all = append(*all, x)
	for _, b := range x.bases {
		if circle := closure(b, append(above, x), all); circle != nil {
			return circle
		}
	}
	return nil
}

// generated returns the objects that kustomizations make out of files and literals, as ConfigMap/name, where no build shows them.
func (k *kustomize) generated() (names []string) {
	for _, x := range k.order {
		if x.covered || x.foreign {
			continue
		}
		for kind, field := range map[string]string{"ConfigMap": "configMapGenerator", "Secret": "secretGenerator"} {
			for _, n := range x.at.Get(field).Resolve().Items() {
				names = append(names, kind+"/"+n.Resolve().Get("name").Resolve().Text())
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
