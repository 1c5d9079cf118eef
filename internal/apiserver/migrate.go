package apiserver

import (
	"slices"
	"strconv"

	"github.com/fairway-k8s/fairway/internal/source"
)

// migration rewrites an object of a version that is gone for the version that takes its place, where the fields have moved. ok is
// false when a part of the object has no counterpart that is known to mean the same.
type migration func(root source.Node) (changes []source.Change, ok bool)

// migrations are for APIs whose rows in apis.yaml are not the same in both versions.
var migrations = map[typeName]migration{
	{"extensions/v1beta1", "Ingress"}:                  migrateIngress,
	{"networking.k8s.io/v1beta1", "Ingress"}:           migrateIngress,
	{"autoscaling/v2beta1", "HorizontalPodAutoscaler"}: migrateAutoscaler,
}

// migrateIngress follows Convert_v1beta1_IngressBackend_To_networking_IngressBackend (k8s.io/kubernetes pkg/apis/networking/v1beta1)
// and the defaults of v1beta1.
func migrateIngress(root source.Node) (changes []source.Change, ok bool) {
	spec := root.Get("spec").Resolve()
	for i, rule := range spec.Get("rules").Resolve().Items() {
		for k, p := range rule.Get("http").Get("paths").Resolve().Items() {
			path := source.Path{{Key: "spec"}, {Key: "rules"}, {Index: i}, {Key: "http"}, {Key: "paths"}, {Index: k}}
			more, ok := migrateBackend(p.Get("backend"), at(path, "backend"))
			if !ok {
				return nil, false
			}
			changes = append(changes, more...)
			if p.Get("pathType").IsZero() {
				changes = append(changes, source.Change{Op: source.Set, Path: at(path, "pathType"), Value: source.String("ImplementationSpecific"), After: []string{"path"}})
			}
		}
	}
	if backend := spec.Get("backend"); !backend.IsZero() {
		path := source.Path{{Key: "spec"}, {Key: "backend"}}
		more, ok := migrateBackend(backend, path)
		if !ok || !spec.Get("defaultBackend").IsZero() {
			return nil, false
		}
		changes = append(changes, more...)
		changes = append(changes, source.Change{Op: source.Rename, Path: path, Value: source.String("defaultBackend")})
	}
	return changes, true
}

func migrateBackend(backend source.Node, path source.Path) ([]source.Change, bool) {
	name, port := backend.Get("serviceName").Resolve(), backend.Get("servicePort").Resolve()
	if name.IsZero() && port.IsZero() {
		return nil, !backend.Get("resource").IsZero()
	}
	if !plainText(name) || !plainText(port) || !backend.Get("service").IsZero() {
		return nil, false
	}
	number, isNumber := port.Int()
	to := source.F("number", source.Int(number))
	if !isNumber {
		if _, err := strconv.Atoi(port.Text()); err == nil {
			return nil, false // "80" was looked up as the name of a port, which v1 does not take
		}
		to = source.F("name", source.String(port.Text()))
	}
	return []source.Change{
		{Op: source.Set, Path: at(path, "service"), After: []string{"serviceName"}, Value: source.Map(
			source.F("name", source.String(name.Text())),
			source.F("port", source.Map(to)),
		)},
		{Op: source.Remove, Path: at(path, "serviceName")},
		{Op: source.Remove, Path: at(path, "servicePort")},
	}, true
}

// migrateAutoscaler knows the metrics that are a resource of the pods or of a container.
func migrateAutoscaler(root source.Node) (changes []source.Change, ok bool) {
	for i, metric := range root.Get("spec").Get("metrics").Resolve().Items() {
		field := "resource"
		if metric.Get(field).IsZero() {
			field = "containerResource"
		}
		m := metric.Get(field).Resolve()
		path := source.Path{{Key: "spec"}, {Key: "metrics"}, {Index: i}, {Key: field}}
		utilization, value := m.Get("targetAverageUtilization").Resolve(), m.Get("targetAverageValue").Resolve()
		old, target := "targetAverageUtilization", source.Value{}
		switch n, number := utilization.Int(); {
		case m.IsZero() || !m.Get("target").IsZero() || utilization.IsZero() == value.IsZero():
			return nil, false
		case number:
			target = source.Map(source.F("type", source.String("Utilization")), source.F("averageUtilization", source.Int(n)))
		case plainText(value):
			old, target = "targetAverageValue", source.Map(source.F("type", source.String("AverageValue")), source.F("averageValue", value.Value()))
		default:
			return nil, false
		}
		changes = append(changes,
			source.Change{Op: source.Set, Path: at(path, "target"), Value: target, After: []string{old}},
			source.Change{Op: source.Remove, Path: at(path, old)})
	}
	return changes, true
}

func at(path source.Path, key string) source.Path {
	return append(slices.Clone(path), source.Step{Key: key})
}
