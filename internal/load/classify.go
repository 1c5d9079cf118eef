package load

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/source"
)

// sort decides for each document of the unit's file what it is.
func (u *unit) sort(scope string) {
	empty := 0
	for i := range u.file.Docs {
		doc := &u.file.Docs[i]
		root := doc.Root.Resolve()
		switch {
		case doc.Err != nil && hasMarkup(u.file.Data[doc.Span.Start:doc.Span.End]), doc.Err == nil && isMarkup(root):
			u.leaveMarkup(doc)
		case doc.Err != nil:
			u.fail(syntaxFailure(u.file, doc))
		case root.IsZero() || root.Kind() == source.Scalar && root.Type() == source.NullValue:
			empty++
		case root.Kind() != source.Mapping:
			u.leave(root, NotKubernetes, notMapping(root))
		default:
			u.object(root, scope)
		}
	}
	if u.loaded+u.left+u.failed == 0 {
		u.skipped = append(u.skipped, finding.Skipped{Place: finding.Place{File: u.name}, Reason: Empty})
		u.left++
	}
}

// asList is how a list, or a stream, of JSON objects becomes a List.
const asList = `{apiVersion: "v1", kind: "List", items: .}`

// notMapping says what a document is that is no mapping.
func notMapping(root source.Node) string {
	if first := root.Item(0).Resolve(); first.Kind() == source.Mapping && isObject(treeOf(first, "")) {
		return "a list of objects, which kubectl does not take either; make a List of it: jq '" + asList + "'"
	}
	return "no mapping of fields"
}

// object sorts a document that is a mapping.
func (u *unit) object(root source.Node, scope string) {
	t := treeOf(root, scope)
	switch {
	case t.APIVersion != "" && isClientConfig(t.APIVersion, t.Kind):
		reason := ClientConfig
		switch group, _, _ := strings.Cut(t.APIVersion, "/"); group {
		case "kustomize.config.k8s.io":
			reason = Kustomization
		case "skaffold":
			u.artifacts = append(u.artifacts, skaffoldArtifacts(root)...)
		}
		u.leave(root, reason, t.APIVersion+" "+t.Kind)
	case isList(t):
		u.list(t, 0)
	case isObject(t) && expectation.MatchString(path.Base(u.name)):
		u.leave(root, NotKubernetes, "a part of an object that a test expects")
	case isObject(t):
		u.trees = append(u.trees, t)
		u.loaded++
	default:
		if d, ok := declared(root); ok {
			d.File = u.name
			u.declared = append(u.declared, d)
		}
		u.leave(root, NotKubernetes, "")
	}
}

// declared reads what a service file says that rules can use; false when a mapping is none. What it leaves to the defaults of its path nobody
// measured: it stays 0.
func declared(root source.Node) (d cluster.Declared, ok bool) {
	if !servicePath.MatchString(root.Get("path").Resolve().Text()) {
		return d, false
	}
	d.Name = root.Get("name").Resolve().Text()
	d.Boot, _ = time.ParseDuration(root.Get("boot").Resolve().Text())
	d.Request, _ = time.ParseDuration(root.Get("request").Resolve().Text())
	return d, d.Name != ""
}

// servicePath matches the golden path that a service file names: stateless-service@1.0.0.
var servicePath = regexp.MustCompile(`^[a-z][a-z0-9-]*@[0-9]+\.[0-9]+\.[0-9]+`)

// expectation matches the files in which kuttl and Chainsaw keep what an object has to look like: 04-assert.yaml.
var expectation = regexp.MustCompile(`^[0-9]+-(assert|errors?)([-_.].*)?\.ya?ml$|^chainsaw-assert.*\.ya?ml$`)

func treeOf(root source.Node, scope string) Tree {
	return Tree{APIVersion: root.Get("apiVersion").Resolve().Text(), Kind: root.Get("kind").Resolve().Text(), Root: root, Origin: root, Scope: scope}
}

// isObject reports whether a mapping is, or was meant to be, a Kubernetes object. With apiVersion and kind it is; with only one
// of them it is when it has an object's parts, because then the other was forgotten. Chart.yaml has an apiVersion and neither,
// configuration files of many tools have a kind and no metadata.
func isObject(t Tree) bool {
	has := func(key string) bool { return !t.Root.Get(key).IsZero() }
	switch version, kind := has("apiVersion"), has("kind"); {
	case version && kind:
		return true
	case version:
		return has("metadata") || has("spec")
	case kind:
		return has("metadata")
	}
	return false
}

// isList knows List and typed lists (PodList): a kind that ends in List and has items.
func isList(t Tree) bool {
	return strings.HasSuffix(t.Kind, "List") && t.Root.Get("items").Resolve().Kind() == source.Sequence ||
		t.Kind == "List" && (t.APIVersion == "v1" || t.APIVersion == "")
}

// maxListDepth bounds Lists of Lists.
const maxListDepth = 8

// list takes a List apart. The document counts once, by what was first found in it.
func (u *unit) list(t Tree, depth int) {
	before := len(u.trees)
	failures := len(u.failures)
	items := t.Root.Get("items").Resolve()
	for i, n := range items.Items() {
		item := treeOf(n.Resolve(), t.Scope)
		if item.Root.Kind() != source.Mapping {
			u.failures = append(u.failures, finding.Failure{Place: place(n), Message: fmt.Sprintf("items[%d] of the %s is no object", i, t.Kind), Hint: "remove the item or write an object"})
			continue
		}
		if item.Kind == "" && item.APIVersion == "" && t.Kind != "List" {
			item.Kind, item.APIVersion = strings.TrimSuffix(t.Kind, "List"), t.APIVersion
		}
		if isList(item) && depth < maxListDepth {
			u.list(item, depth+1)
			continue
		}
		u.trees = append(u.trees, item)
	}
	switch {
	case depth > 0:
	case len(u.trees) > before:
		u.loaded++
	case len(u.failures) > failures:
		u.failed++
	default:
		u.leave(t.Root, Empty, "a "+t.Kind+" without items")
	}
}

func (u *unit) leave(root source.Node, reason, detail string) {
	if isJSON(u.name) && reason == NotKubernetes && !u.explicit {
		u.quiet = true
	} else {
		u.skipped = append(u.skipped, finding.Skipped{Place: place(root), Reason: reason, Detail: detail})
	}
	u.left++
}

// leaveMarkup leaves a document with template markup aside. Files in folders are counted, not named.
func (u *unit) leaveMarkup(doc *source.Document) {
	u.left++
	if !u.explicit {
		u.markup++
		return
	}
	p := u.file.Position(doc.Span.Start)
	u.skipped = append(u.skipped, finding.Skipped{
		Place:  finding.Place{File: u.name, Line: p.Line, Column: p.Column, EndLine: p.Line, EndColumn: p.Column},
		Reason: HelmTemplate, Detail: "template markup; render it first and check the result: helm template DIR | fairway lint -",
	})
}

// hasMarkup reports whether text that is no YAML has Go template or Jinja markup, which then is the reason.
func hasMarkup(text []byte) bool {
	return bytes.Contains(text, []byte("{{")) || bytes.Contains(text, []byte("{%"))
}

// isMarkup reports whether some value of a tree is written {{ ... }}: read as YAML, that is a mapping in a mapping.
func isMarkup(root source.Node) bool {
	if root.IsZero() {
		return false
	}
	span := root.Span()
	if !bytes.Contains(root.File().Data[span.Start:span.End], []byte("{{")) {
		return false
	}
	return hasDoubleBrace(root)
}

func hasDoubleBrace(n source.Node) bool {
	switch n.Kind() {
	case source.Mapping:
		if s := n.Span(); n.Style() == source.Flow && s.Start+1 < s.End && n.File().Data[s.Start+1] == '{' {
			return true
		}
		for e := range n.Entries() {
			if hasDoubleBrace(e.Key) || hasDoubleBrace(e.Value) {
				return true
			}
		}
	case source.Sequence:
		for _, item := range n.Items() {
			if hasDoubleBrace(item) {
				return true
			}
		}
	}
	return false
}

// syntaxFailure turns a refused document into a failure at its place.
func syntaxFailure(f *source.File, doc *source.Document) finding.Failure {
	e := doc.Err
	out := finding.Failure{
		Place:   finding.Place{File: f.Name, Line: e.Line, Column: e.Column, EndLine: e.Line, EndColumn: e.Column + 1},
		Message: e.Message, Hint: e.Hint,
	}
	if before := bytes.TrimSpace(f.Data[doc.Span.Start:min(e.Offset, len(f.Data))]); bytes.HasPrefix(before, []byte("{")) && bytes.HasSuffix(before, []byte("}")) {
		out.Message, out.Hint = "a second JSON value follows the first", "put --- on a line between them, or make them items of a List: jq -s '"+asList+"'"
	}
	return out
}

// place is where a node begins, for entries about a whole document.
func place(n source.Node) finding.Place {
	if n.File().Virtual {
		return finding.Place{}
	}
	p := n.Position()
	return finding.Place{File: n.File().Name, Line: p.Line, Column: p.Column, EndLine: p.Line, EndColumn: p.Column}
}

// clientConfigs are API groups whose objects are files for a tool or a component and never reach an API server. Sources: the
// schemes of the tools (kubeadm, kubelet, kind, kustomize, skaffold, eksctl, k3d, ctlptl, krew, devspace).
var clientConfigs = map[string]bool{
	"kustomize.config.k8s.io":              true,
	"kubeadm.k8s.io":                       true,
	"kubelet.config.k8s.io":                true,
	"kubeproxy.config.k8s.io":              true,
	"kubescheduler.config.k8s.io":          true,
	"kubecontrollermanager.config.k8s.io":  true,
	"apiserver.config.k8s.io":              true,
	"apiserver.k8s.io":                     true,
	"pod-security.admission.config.k8s.io": true,
	"resourcequota.admission.k8s.io":       true,
	"eventratelimit.admission.k8s.io":      true,
	"imagepolicy.k8s.io":                   true,
	"credentialprovider.kubelet.k8s.io":    true,
	"audit.k8s.io":                         true,
	"client.authentication.k8s.io":         true,
	"kind.x-k8s.io":                        true,
	"k3d.io":                               true,
	"ctlptl.dev":                           true,
	"skaffold":                             true,
	"eksctl.io":                            true,
	"krew.googlecontainertools.github.com": true,
}

// isClientConfig also knows kubeconfigs (v1 Config).
func isClientConfig(apiVersion, kind string) bool {
	group, _, _ := strings.Cut(apiVersion, "/")
	return clientConfigs[group] || apiVersion == "v1" && kind == "Config"
}

// skaffoldArtifacts returns the images that a Skaffold configuration builds, in its profiles as well (skaffold.dev, skaffold.yaml).
func skaffoldArtifacts(root source.Node) (images []string) {
	add := func(n source.Node) {
		for _, a := range n.Get("build").Resolve().Get("artifacts").Resolve().Items() {
			if image := a.Resolve().Get("image").Resolve().Text(); image != "" {
				images = append(images, image)
			}
		}
	}
	add(root)
	for _, p := range root.Get("profiles").Resolve().Items() {
		add(p.Resolve())
	}
	return images
}
