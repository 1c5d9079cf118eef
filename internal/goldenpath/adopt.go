package goldenpath

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/fairway-k8s/fairway/internal/merge"
	"github.com/fairway-k8s/fairway/internal/source"
)

// Adopted says how a service's own manifests differ in form from what its path would write: they were there before it came onto the path. It is
// kept in the service file, so that upgrades speak of the same things.
type Adopted struct {
	Folder    string            // where the manifests are, relative to the service file
	File      string            // the one file that they are in, "" when each object may have its own
	Container string            // what the main container is called
	Selector  map[string]string // the labels that select its pods; they can never be changed
	Namespace bool              // whether the manifests say their namespace
	Probe     string            // the liveness probe's handler as YAML, which a startup probe may use too; "" without one
	Health    string            // the port, number or name, on which the three endpoints are assumed, "" when they are not
	// OneEndpoint says that readiness and liveness ask one question. Where the three endpoints are assumed, the path's probes then replace
	// those that are there; it is not kept, as afterwards the manifests ask the path's questions.
	OneEndpoint bool
	NonRoot     bool     // whether the manifests say that it does not run as root
	Grace       bool     // whether its time to stop is too short for a pause before it
	Single      bool     // whether there is one pod only, which nothing can keep up
	Disrupted   bool     // whether it has a disruption budget of another name
	Claims      bool     // whether a Deployment mounts claims: how it rolls out is then not to be touched
	Stages      []string // what was brought in so far
}

// Stages of an adoption, in the order in which they hurt least: parts of a path that are brought in by themselves.
var Stages = []string{
	"labels-and-requests", // who it is and whose, and what its node keeps free for it
	"probes",              // whether it has booted, is ready, is alive
	"security",            // no more rights than it needs
	"availability",        // what stays up while nodes and versions change
	"network",             // who may talk to it and whom it may call
}

// pod stands for the template of a pod in stageFields.
const pod = "POD"

// stageFields are the fields that a stage may bring in, by kind. Fields that are not listed are never brought in: selectors, which cannot be changed;
// identities, numbers of pods and configuration, which are the team's; a user, a file system that is read only, limits of memory, a service
// account, which only those who know the program can decide about.
var stageFields = map[string]map[string][]string{
	"labels-and-requests": {
		"*": {"metadata.labels"},
		pod: {"metadata.labels", "spec.containers[].resources.requests"},
	},
	"probes": {
		pod: {"spec.containers[].startupProbe"},
	},
	"security": {
		pod: {"spec.securityContext.seccompProfile", "spec.containers[].securityContext.allowPrivilegeEscalation"},
	},
	"availability": {
		"PodDisruptionBudget": {"spec"},
		"Deployment":          {"spec.strategy"},
		pod:                   {"spec.topologySpreadConstraints", "spec.containers[].lifecycle"},
		"CronJob":             {"spec.startingDeadlineSeconds", "spec.jobTemplate.spec.ttlSecondsAfterFinished"},
	},
	"network": {
		"NetworkPolicy": {"spec"},
	},
}

// stageOf returns the stage that brings in a field, "" when none does, and whether fields below it may be brought in.
func (a *Adopted) stageOf(kind, field string) (stage string, some bool) {
	field = source.AnyItem(field)
	for _, s := range Stages {
		for k, fields := range stageFields[s] {
			for _, f := range a.more(s, k, fields) {
				if k == pod {
					if podPath(kind) == "" {
						continue
					}
					f = podPath(kind) + f
				} else if k != "*" && k != kind {
					continue
				} else if k == "*" && !broughtIn(kind) && podPath(kind) == "" {
					continue
				}
				switch {
				case field == f || strings.HasPrefix(field, f+".") || strings.HasPrefix(field, f+"["):
					return s, true
				case strings.HasPrefix(f, field+".") || strings.HasPrefix(f, field+"["):
					some = true
				}
			}
		}
	}
	return "", some
}

// broughtIn reports whether stages bring in objects of a kind beside those that run pods.
func broughtIn(kind string) bool {
	return kind == "PodDisruptionBudget" || kind == "NetworkPolicy" || kind == "Service"
}

// more adds the fields that depend on what is known of the program.
func (a *Adopted) more(stage, kind string, fields []string) []string {
	if kind == "Deployment" && a.Claims || kind == "PodDisruptionBudget" && (a.Single || a.Disrupted) {
		return nil
	}
	if kind != pod {
		return fields
	}
	switch {
	case stage == "availability":
		return slices.DeleteFunc(slices.Clone(fields), func(f string) bool {
			return (a.Claims || a.Single) && f == "spec.topologySpreadConstraints" || a.Grace && f == "spec.containers[].lifecycle"
		})
	case stage == "probes" && a.Health != "":
		return append(slices.Clone(fields), "spec.containers[].readinessProbe", "spec.containers[].livenessProbe")
	case stage == "probes" && a.Probe == "":
		return nil
	case stage == "security" && a.NonRoot:
		return append(slices.Clone(fields), "spec.containers[].securityContext.capabilities")
	}
	return fields
}

// podPath is where a kind has its template of a pod, with a final point; "" for other kinds.
func podPath(kind string) string {
	switch kind {
	case "Deployment", "StatefulSet":
		return "spec.template."
	case "CronJob":
		return "spec.jobTemplate.spec.template."
	}
	return ""
}

// Adapt gives a rendering the form that a service's own manifests have, and leaves of it what its stages bring in.
func (a *Adopted) Adapt(rendering []Rendered, name string) ([]Rendered, error) {
	var out []Rendered
	for _, f := range rendering {
		file := source.Parse(f.Name, f.Data)
		if len(file.Docs) == 0 || file.Docs[0].Root.IsZero() || podPath(kindOf(file)) == "" && !broughtIn(kindOf(file)) || !base(f.Name) {
			continue // an overlay, a kustomization or a file of settings: the team has its own, or none
		}
		file, err := a.speak(file, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		kept := merge.Prune(file, a.part(file))
		if !worth(kept) {
			continue
		}
		f.Name, f.Data = path.Join(a.Folder, path.Base(f.Name)), kept.Data
		if a.File != "" {
			f.Name = path.Join(a.Folder, a.File)
			if i := slices.IndexFunc(out, func(x Rendered) bool { return x.Name == f.Name }); i >= 0 {
				out[i].Data = slices.Concat(out[i].Data, []byte("---\n"), f.Data)
				continue
			}
		}
		out = append(out, f)
	}
	return out, nil
}

// part says which fields of a rendered file are brought in: what names its object, and what the stages bring.
func (a *Adopted) part(file *source.File) func(merge.Object, string) merge.Part {
	unversioned := file.Docs[0].Root.Resolve().Get("metadata").Get("labels").Get(versionLabel).Text() == unpinned
	return func(o merge.Object, field string) merge.Part {
		switch field {
		case "apiVersion", "kind", "metadata.name", "metadata.namespace":
			return merge.All
		case "metadata":
			return merge.Some
		}
		switch {
		case strings.HasSuffix(field, ".containers[0].name"):
			return merge.All
		case strings.HasSuffix(field, "labels["+versionLabel+"]") && unversioned:
			return merge.None // a version that nobody knows is no label
		}
		stage, some := a.stageOf(o.Kind, field)
		switch {
		case unversioned && strings.HasSuffix(field, "metadata.labels"):
			return merge.Some
		case stage != "" && slices.Contains(a.Stages, stage):
			return merge.All
		case some:
			return merge.Some
		}
		return merge.None
	}
}

// base reports whether a file is not of a cloud's overlay.
func base(name string) bool {
	return !strings.Contains(name, "/eks/") && !strings.Contains(name, "/aks/")
}

const versionLabel = "app.kubernetes.io/version"

func kindOf(f *source.File) string { return f.Docs[0].Root.Resolve().Get("kind").Text() }

// worth reports whether a pruned file holds more than the name of an object. An object that a stage would create must have all of it.
func worth(f *source.File) bool {
	root := f.Docs[0].Root.Resolve()
	if root.Get("spec").Len() > 0 {
		return true
	}
	kind := root.Get("kind").Text()
	return root.Get("metadata").Get("labels").Len() > 0 && kind != "PodDisruptionBudget" && kind != "NetworkPolicy"
}

// speak calls things in a rendered object as the team's manifests call them.
func (a *Adopted) speak(f *source.File, name string) (*source.File, error) {
	root := f.Docs[0].Root
	var changes []source.Change
	set := func(p string, v source.Value) {
		changes = append(changes, source.Change{Op: source.Set, Path: source.MustPath(p), Value: v})
	}
	if !a.Namespace {
		// Without a namespace nothing says what it is part of, either.
		for _, p := range []string{"metadata.namespace", "metadata.labels[app.kubernetes.io/part-of]", podPath(kindOf(f)) + "metadata.labels[app.kubernetes.io/part-of]"} {
			changes = append(changes, source.Change{Op: source.Remove, Path: source.MustPath(p)})
		}
	}
	labels := a.selector()
	// Wherever the rendering selects its own pods, by the label that only the path's own pods have.
	var walk func(n source.Node, at source.Path)
	walk = func(n source.Node, at source.Path) {
		for e := range n.Entries() {
			p := append(slices.Clone(at), source.Step{Key: e.Key.Text()})
			if e.Key.Text() == "matchLabels" && e.Value.Len() == 1 && e.Value.Get("app.kubernetes.io/name").Text() == name && len(labels) > 0 {
				changes = append(changes, source.Change{Op: source.Set, Path: p, Value: source.Map(labels...)})
				continue
			}
			walk(e.Value, p)
		}
		for i, x := range n.Items() {
			walk(x, append(slices.Clone(at), source.Step{Index: i}))
		}
	}
	walk(root, nil)
	if at := podPath(kindOf(f)); at != "" {
		container := at + "spec.containers[0]"
		set(container+".name", source.String(a.Container))
		switch probe, err := source.ParseValue(a.Probe); {
		case a.Health != "":
			for _, p := range []string{"startupProbe", "readinessProbe", "livenessProbe"} {
				if n, ok := root.Find(source.MustPath(container + "." + p + ".httpGet.port")); ok && !n.Value.IsZero() {
					port := source.String(a.Health)
					if v, err := source.ParseValue(a.Health); err == nil {
						port = v
					}
					set(container+"."+p+".httpGet.port", port)
				}
			}
		case a.Probe == "":
		case err != nil:
			return nil, err
		default:
			if n, ok := root.Find(source.MustPath(container + ".startupProbe.httpGet")); ok && !n.Value.IsZero() {
				changes = append(changes, source.Change{Op: source.Remove, Path: source.MustPath(container + ".startupProbe.httpGet")})
				for _, key := range probe.Keys() {
					set(container+".startupProbe."+key, probe.Field(key))
				}
			}
		}
	}
	next, _, err := f.Apply(root, changes...)
	return next, err
}

// ReadAdopted reads what a service file says of its adoption; nil when it was not adopted.
func ReadAdopted(n source.Node) *Adopted {
	n = n.Resolve()
	if n.Kind() != source.Mapping {
		return nil
	}
	a := &Adopted{Folder: n.Get("folder").Text(), File: n.Get("file").Text(), Container: n.Get("container").Text(), Probe: n.Get("probe").Text(), Health: n.Get("health").Text()}
	a.Namespace, _ = n.Get("namespace").Bool()
	a.NonRoot, _ = n.Get("nonRoot").Bool()
	a.Claims, _ = n.Get("claims").Bool()
	a.Single, _ = n.Get("single").Bool()
	a.Disrupted, _ = n.Get("budget").Bool()
	a.Grace, _ = n.Get("shortGrace").Bool()
	for e := range n.Get("selector").Entries() {
		if a.Selector == nil {
			a.Selector = map[string]string{}
		}
		a.Selector[e.Key.Text()] = e.Value.Text()
	}
	for _, x := range n.Get("stages").Items() {
		a.Stages = append(a.Stages, x.Text())
	}
	return a
}

// Value is the adoption as a service file says it.
func (a *Adopted) Value() source.Value {
	fields := []source.Field{source.F("folder", source.String(a.Folder))}
	add := func(key, text string) {
		if text != "" {
			fields = append(fields, source.F(key, source.String(text)))
		}
	}
	add("file", a.File)
	add("container", a.Container)
	if labels := a.selector(); len(labels) > 0 {
		fields = append(fields, source.F("selector", source.Map(labels...)))
	}
	fields = append(fields, source.F("namespace", source.Bool(a.Namespace)))
	add("probe", a.Probe)
	add("health", a.Health)
	for _, x := range []struct {
		key string
		is  bool
	}{{"nonRoot", a.NonRoot}, {"claims", a.Claims}, {"single", a.Single}, {"budget", a.Disrupted}, {"shortGrace", a.Grace}} {
		if x.is {
			fields = append(fields, source.F(x.key, source.Bool(true)))
		}
	}
	var stages []source.Value
	for _, s := range a.Stages {
		stages = append(stages, source.String(s))
	}
	return source.Map(append(fields, source.F("stages", source.List(stages...)))...)
}

// selector are the labels that select its pods, by their keys.
func (a *Adopted) selector() (labels []source.Field) {
	for _, key := range slices.Sorted(maps.Keys(a.Selector)) {
		labels = append(labels, source.F(key, source.String(a.Selector[key])))
	}
	return labels
}

// Merge merges what the adapted rendering has into manifests that never descended from it: what they lack is added, what differs stays, and is
// among the conflicts of the result. Only probes that ask one question for two purposes are replaced, when the program has an answer to each.
func (a *Adopted) Merge(ours, rendered []Rendered) (*merge.Result, error) {
	options := merge.Options{AddOnly: true, Skip: elsewhere}
	if a.OneEndpoint && a.Health != "" {
		options.Prefer = func(o merge.Object, field string) bool {
			return probeField.MatchString(strings.TrimPrefix(field, podPath(o.Kind)+"spec.containers[name="+a.Container+"]."))
		}
	}
	return merge.Merge(nil, parsed(ours), parsed(rendered), options)
}

// probeField is the field of a container that holds a probe, or one below it.
var probeField = regexp.MustCompile(`^(startup|readiness|liveness)Probe\b`)

// elsewhere reports whether an adoption leaves a whole object alone: what the team does not have here, it may have elsewhere.
func elsewhere(o merge.Object, field string) bool {
	return field == "" && o.Kind != "PodDisruptionBudget" && o.Kind != "NetworkPolicy"
}
