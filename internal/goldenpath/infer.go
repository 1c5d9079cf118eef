package goldenpath

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fairway-k8s/fairway/internal/source"
)

// Candidate is a workload that could come onto a path, with what can be told from its manifests.
type Candidate struct {
	Shape    string
	Kind     string // of the workload
	Name     string
	File     string // that the workload is in
	Line     int
	Adopted  Adopted
	Settings []source.Field // of the service file, path and adoption aside
	Measured bool           // an annotation says how long a boot takes
	Health   string         // the name of the port that is there for probes, "" without one
	// Notes say what was seen that somebody should know, Left what cannot be known from manifests and is left to the team.
	Notes, Left []string
	// Refused says why the workload cannot come onto a path as it is; "" when nothing is known against it.
	Refused string
}

// How the lines in Candidate.Left begin that say what to do about the endpoints of probes.
const (
	NoEndpoint  = "probes: no endpoint is known" // a program without probes
	OneEndpoint = "probes: one endpoint"         // a program with one answer to several questions
)

// assumeEndpoints is what to do once a program answers as the path asks.
const assumeEndpoints = "then: fairway adopt --stage probes --assume-health-endpoints"

// manifest is one object of the manifests.
type manifest struct {
	file string
	root source.Node
	kind string
	name string
}

// Infer looks for workloads in files and tells their shape and parameters. owner is whose they are when no label says it. Parts of objects, such as
// the patches of a kustomization, are passed over, and so is what only a template is.
func Infer(files []Rendered, owner string) (out []Candidate) {
	var all []manifest
	for _, f := range files {
		file := source.Parse(f.Name, f.Data)
		if strings.Contains(string(f.Data), "{{") && slices.ContainsFunc(file.Docs, func(d source.Document) bool { return d.Err != nil }) {
			continue
		}
		for _, d := range file.Docs {
			all = append(all, manifestsOf(f.Name, d.Root)...)
		}
	}
	for _, m := range all {
		if podPath(m.kind) == "" || m.name == "" {
			continue
		}
		if c, ok := infer(m, all, owner); ok {
			out = append(out, c)
		}
	}
	return out
}

func manifestsOf(file string, root source.Node) []manifest {
	root = root.Resolve()
	kind := root.Get("kind").Text()
	if kind == "" {
		return nil
	}
	if kind == "List" {
		var out []manifest
		for _, x := range root.Get("items").Items() {
			out = append(out, manifestsOf(file, x)...)
		}
		return out
	}
	return []manifest{{file, root, kind, root.Get("metadata").Get("name").Text()}}
}

// template is the template of a workload's pods.
func (m manifest) template() source.Node {
	e, _ := m.root.Find(source.MustPath(strings.TrimSuffix(podPath(m.kind), ".")))
	return e.Value
}

// declaredBoot is how long a boot takes by the annotation that the rules about probes read, of the workload or its template, in seconds rounded up;
// 0 without one that a path takes.
func declaredBoot(nodes ...source.Node) (seconds int64) {
	for _, n := range nodes { // the template's goes first, as with the rules
		d, err := time.ParseDuration(n.Get("metadata").Get("annotations").Get("fairway-k8s.io/boot").Text())
		if err == nil && d > 0 && d <= 30*time.Minute {
			seconds = int64((d + time.Second - 1) / time.Second)
		}
	}
	return seconds
}

func infer(m manifest, all []manifest, owner string) (c Candidate, ok bool) {
	if m.kind != "CronJob" && m.root.Get("spec").Get("selector").IsZero() {
		return c, false // a patch, or of an API that is gone
	}
	template := m.template()
	spec := template.Get("spec")
	var containers []source.Node
	for _, x := range spec.Get("containers").Items() {
		containers = append(containers, x.Resolve())
	}
	i := mainContainer(m.name, containers)
	if i < 0 {
		return c, false
	}
	main := containers[i]
	c = Candidate{Kind: m.kind, Name: m.name, File: m.file, Line: m.root.Position().Line}
	c.Adopted = Adopted{Folder: path.Dir(m.file), Container: main.Get("name").Text(), Namespace: !m.root.Get("metadata").Get("namespace").IsZero(), Selector: map[string]string{}}
	for e := range m.root.Get("spec").Get("selector").Get("matchLabels").Entries() {
		c.Adopted.Selector[e.Key.Text()] = e.Value.Text()
	}
	labels := template.Get("metadata").Get("labels")
	set := func(key string, v source.Value) { c.Settings = append(c.Settings, source.F(key, v)) }

	set("name", source.String(m.name))
	whose := ""
	for _, from := range []source.Node{m.root.Get("metadata").Get("labels"), labels, m.root.Get("metadata").Get("annotations")} {
		for _, key := range []string{"owner", "team", "app.kubernetes.io/owner", "app.kubernetes.io/team"} {
			if v := from.Get(key).Text(); whose == "" && Name.fits(v) {
				whose = v
			}
		}
	}
	if whose = cmp.Or(whose, owner); whose == "" {
		c.Left = append(c.Left, "owner: no label says whose it is; add it to the service file")
	} else {
		set("owner", source.String(whose))
	}
	if ns := m.root.Get("metadata").Get("namespace").Text(); ns != "" {
		set("namespace", source.String(ns))
	}
	image := main.Get("image").Text()
	set("image", source.String(pinned(image)))
	if pinned(image) != image {
		c.Left = append(c.Left, "image: "+image+" moves under its name; pin a version, and write it into the service file")
	}

	services := selecting(m, labels, all)
	stateful := claims(spec)
	switch {
	case m.kind == "CronJob":
		c.Shape = "cron-job"
	case m.kind == "StatefulSet":
		c.Shape = "stateful-service"
	case len(services) > 0:
		c.Shape = "stateless-service"
	default:
		c.Shape = "async-worker"
	}
	if m.kind == "Deployment" && len(stateful) > 0 {
		c.Adopted.Claims = true
		c.Notes = append(c.Notes, "stateful in disguise: it mounts the claim "+strings.Join(stateful, ", ")+". With ReadWriteOnce two pods cannot share it, so a rollout waits for ever, and with "+
			"ReadWriteMany they write over each other. It stays a Deployment; fairway new stateful-service shows what it could become")
	}
	if replicas, said := m.root.Get("spec").Get("replicas").Int(); m.kind != "CronJob" && !scaled(m, all) && (!said || replicas < 2) {
		c.Adopted.Single = true
		c.Left = append(c.Left, "one pod: while it moves to another node nothing answers; only those who know the program can say whether two may run")
	}
	delay, _ := main.Get("livenessProbe").Get("initialDelaySeconds").Int()
	if d := declaredBoot(m.root, template); m.kind == "CronJob" {
	} else if d > 0 {
		c.Measured = true
		set("boot", source.String(writeDuration(d)))
	} else if delay > 30 && delay <= 600 {
		set("boot", source.String(strconv.FormatInt(delay, 10)+"s"))
	}
	c.Adopted.Disrupted = slices.ContainsFunc(all, func(x manifest) bool {
		return x.kind == "PodDisruptionBudget" && x.name != m.name && among(x.root.Get("spec").Get("selector").Get("matchLabels"), labels)
	})
	c.ports(main, services, set)
	c.resources(main, set)
	switch c.Shape {
	case "cron-job":
		set("schedule", source.String(m.root.Get("spec").Get("schedule").Text()))
		set("longestRun", source.String("10m"))
		c.Left = append(c.Left, "longestRun: 10m is assumed; no deadline was brought in that it would decide")
	case "async-worker":
		set("longestJob", source.String("1m"))
		c.Left = append(c.Left, "longestJob: 1m is assumed; the time to stop was not touched")
	case "stateful-service":
		set("backup", source.String("unknown"))
		c.Left = append(c.Left, "backup: say in the service file how its data is saved, and when that was tried last")
	}
	var kept []source.Value
	for _, v := range m.root.Get("spec").Get("volumeClaimTemplates").Items() {
		name, size := v.Get("metadata").Get("name").Text(), v.Get("spec").Get("resources").Get("requests").Get("storage").Text()
		for _, mount := range main.Get("volumeMounts").Items() {
			if mount.Get("name").Text() == name && Name.fits(name) && Memory.fits(size) && Folder.fits(mount.Get("mountPath").Text()) {
				kept = append(kept, source.Map(source.F("name", source.String(name)), source.F("path", source.String(mount.Get("mountPath").Text())), source.F("size", source.String(size))))
			}
		}
	}
	if c.Shape == "stateful-service" && len(kept) > 0 {
		set("claims", source.List(kept...))
	}
	switch {
	case !Image.fits(pinned(image)):
		c.Refused = "its image is " + image + ", which something fills in later; adopt what comes out of that, or the base below it"
	case c.Shape == "stateful-service" && len(kept) == 0:
		c.Refused = "it is a StatefulSet that keeps nothing of its own: no volumeClaimTemplates that its container mounts. Give it claims, or make it a Deployment"
	}
	c.probes(m, main)
	c.security(spec, main)
	if n, ok := spec.Get("terminationGracePeriodSeconds").Int(); ok && n < 25 {
		c.Adopted.Grace = true
		c.Left = append(c.Left, "stopping: it has "+spec.Get("terminationGracePeriodSeconds").Text()+" s in all, too few for a pause of 10 s before it stops and 10 s for requests; raise terminationGracePeriodSeconds first")
	}
	if len(containers) > 1 {
		var others []string
		for j, x := range containers {
			if j != i {
				others = append(others, x.Get("name").Text())
			}
		}
		c.Notes = append(c.Notes, "containers beside "+c.Adopted.Container+" stay as they are: "+strings.Join(others, ", "))
	}
	return c, true
}

// mainContainer is the index of the container that the workload is about: the one of its name, else the first with ports that is no known
// sidecar, else the first; -1 when there is none with an image.
func mainContainer(name string, containers []source.Node) int {
	complete := func(x source.Node) bool { return x.Get("image").Text() != "" && x.Get("name").Text() != "" }
	for i, x := range containers {
		if !complete(x) {
			return -1
		} else if x.Get("name").Text() == name {
			return i
		}
	}
	for i, x := range containers {
		if x.Get("ports").Len() > 0 && !sidecars[x.Get("name").Text()] {
			return i
		}
	}
	return min(0, len(containers)-1)
}

// sidecars are containers that are never what a workload is about.
var sidecars = map[string]bool{"istio-proxy": true, "linkerd-proxy": true, "envoy": true, "cloudsql-proxy": true, "cloud-sql-proxy": true, "vault-agent": true,
	"fluent-bit": true, "fluentd": true, "filebeat": true, "otel-collector": true, "datadog-agent": true, "oauth2-proxy": true}

// unpinned is the tag of images of which nobody knows the version yet.
const unpinned = "unpinned"

// pinned is an image with a version: its own, or one that says that it has none yet.
func pinned(image string) string {
	tag, digest := tagOf(image)
	switch {
	case digest:
		return image
	case tag == "":
		return strings.TrimSuffix(image, ":") + ":" + unpinned
	case tag == "latest" || !Image.fits(image):
		return strings.TrimSuffix(image, tag) + unpinned
	}
	return image
}

// fits reports whether a text is a value of the type.
func (t Type) fits(text string) bool {
	if text == "" {
		return false
	}
	_, err := t.parseText(text)
	return err == nil
}

// selecting returns the Services that select the pods of a workload.
func selecting(m manifest, labels source.Node, all []manifest) (out []manifest) {
	for _, s := range all {
		selector := s.root.Get("spec").Get("selector")
		if s.kind != "Service" || s.root.Get("metadata").Get("namespace").Text() != m.root.Get("metadata").Get("namespace").Text() {
			continue
		}
		if among(selector, labels) {
			out = append(out, s)
		}
	}
	return out
}

// scaled reports whether an autoscaler decides about the pods of a workload.
func scaled(m manifest, all []manifest) bool {
	return slices.ContainsFunc(all, func(h manifest) bool {
		target := h.root.Get("spec").Get("scaleTargetRef")
		return !target.IsZero() && target.Get("name").Text() == m.name && cmp.Or(target.Get("kind").Text(), "Deployment") == m.kind
	})
}

// among reports whether a selector names labels, and all of them are among others.
func among(selector, labels source.Node) bool {
	for e := range selector.Entries() {
		if labels.Get(e.Key.Text()).Text() != e.Value.Text() {
			return false
		}
	}
	return selector.Len() > 0
}

// claims returns the claims that pods mount by name.
func claims(spec source.Node) (out []string) {
	for _, v := range spec.Get("volumes").Items() {
		if name := v.Get("persistentVolumeClaim").Get("claimName").Text(); name != "" {
			out = append(out, name)
		}
	}
	return out
}

// ports tells the port of requests, and that of probes where they have one of their own.
func (c *Candidate) ports(main source.Node, services []manifest, set func(string, source.Value)) {
	var port string
	var health source.Node
	for _, p := range main.Get("ports").Items() {
		number, name := p.Get("containerPort").Text(), p.Get("name").Text()
		if name == "health" && Port.fits(number) {
			c.Health, health = name, p.Get("containerPort")
			continue
		}
		if port == "" || strings.HasPrefix(name, "http") {
			port = number
		}
	}
	for _, s := range services {
		for _, p := range s.root.Get("spec").Get("ports").Items() {
			if target := cmp.Or(p.Get("targetPort").Text(), p.Get("port").Text()); port == "" && Port.fits(target) {
				port = target
			}
		}
	}
	if !Port.fits(port) {
		return
	}
	v, _ := source.ParseValue(port)
	key := map[string]string{"stateless-service": "http", "stateful-service": "client"}[c.Shape]
	if key == "" {
		return
	}
	fields := []source.Field{source.F(key, v)}
	if !health.IsZero() {
		fields = append(fields, source.F("health", health.Value()))
	} else if port == "8081" {
		fields = append(fields, source.F("health", source.Int(8082)))
	}
	set("ports", source.Map(fields...))
}

// resources takes over what the manifests say.
func (c *Candidate) resources(main source.Node, set func(string, source.Value)) {
	r := main.Get("resources")
	var fields []source.Field
	cpu, memory, limit := r.Get("requests").Get("cpu"), r.Get("requests").Get("memory"), r.Get("limits").Get("memory")
	if cpu.IsZero() { // as the API server does
		cpu = r.Get("limits").Get("cpu")
	}
	if memory.IsZero() {
		memory = limit
	}
	for _, x := range []struct {
		key   string
		node  source.Node
		type_ Type
	}{{"cpu", cpu, CPU}, {"memory", memory, Memory}, {"memoryLimit", limit, Memory}} {
		if x.type_.fits(x.node.Text()) {
			fields = append(fields, source.F(x.key, x.node.Value()))
		}
	}
	if limit.IsZero() {
		c.Left = append(c.Left, "limit of memory: one that is too low kills the program, so measure first what it holds after a busy day")
	}
	if cpu.IsZero() || memory.IsZero() {
		c.Left = append(c.Left, "requests: those of the path were brought in; set them to what it uses in a busy minute")
	}
	if len(fields) > 0 {
		set("resources", source.Map(fields...))
	}
}

// probes takes the handler of the liveness probe for a startup probe that is missing.
func (c *Candidate) probes(m manifest, main source.Node) {
	live, ready, startup := main.Get("livenessProbe"), main.Get("readinessProbe"), main.Get("startupProbe")
	if c.Kind == "CronJob" {
		return
	}
	if live.IsZero() && ready.IsZero() && startup.IsZero() {
		c.Left = append(c.Left, NoEndpoint+"; let it answer /health/started, /health/ready and /health/live, "+assumeEndpoints)
		return
	}
	if asked := question(main, live); asked != "" && asked == question(main, ready) {
		c.Adopted.OneEndpoint = true
		c.Left = append(c.Left, OneEndpoint+" ("+asked+") answers readiness and liveness, so that what should only keep requests away restarts it too; let it answer "+
			"/health/started, /health/ready and /health/live, with the SDK health or the shim in front of that endpoint, "+assumeEndpoints)
	}
	if live.IsZero() || !startup.IsZero() {
		return
	}
	if n, ok := m.root.Get("spec").Get("progressDeadlineSeconds").Int(); ok && n < 300 {
		c.Left = append(c.Left, "startup probe: its rollout counts as failed after "+strconv.FormatInt(n, 10)+" s, before a startup probe would give up; raise progressDeadlineSeconds first")
		return
	}
	var handler []source.Field
	for _, key := range []string{"exec", "httpGet", "tcpSocket", "grpc"} {
		if v := live.Get(key); !v.IsZero() {
			handler = append(handler, source.F(key, v.Value()))
		}
	}
	if len(handler) == 1 {
		c.Adopted.Probe = source.Map(handler...).Inline(0, false)
	}
}

// question is what a probe asks, "" when it asks nothing: ports by their numbers, as the kubelet finds them in the probe's own container.
func question(main, probe source.Node) string {
	for _, key := range []string{"httpGet", "tcpSocket", "grpc", "exec"} {
		h := probe.Get(key)
		if h.IsZero() {
			continue
		}
		port := h.Get("port").Text()
		for _, p := range main.Get("ports").Items() {
			if name := p.Get("name").Text(); name != "" && name == port {
				port = p.Get("containerPort").Text()
			}
		}
		switch key {
		case "httpGet":
			asked := cmp.Or(h.Get("scheme").Text(), "HTTP") + " " + h.Get("host").Text() + ":" + port + "/" + strings.TrimPrefix(h.Get("path").Text(), "/")
			if headers := h.Get("httpHeaders"); !headers.IsZero() {
				asked += " with " + headers.Value().Inline(0, false)
			}
			return asked
		case "tcpSocket":
			return "" // asks for a listener only, which both may need
		}
		return key + " " + h.Value().Inline(0, false)
	}
	return ""
}

// security tells whether the manifests keep it from running as root.
func (c *Candidate) security(spec, main source.Node) {
	for _, at := range []source.Node{spec.Get("securityContext"), main.Get("securityContext")} {
		if yes, _ := at.Get("runAsNonRoot").Bool(); yes {
			c.Adopted.NonRoot = true
		}
		if n, ok := at.Get("runAsUser").Int(); ok && n > 0 {
			c.Adopted.NonRoot = true
		}
	}
	if !c.Adopted.NonRoot {
		c.Left = append(c.Left, "user: only its image says whether it can run as another user than root; try runAsNonRoot: true, then a file system that is read only")
	}
}
