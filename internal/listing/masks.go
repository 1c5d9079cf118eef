package listing

import (
	"strconv"
	"strings"

	"github.com/fairway-k8s/fairway/internal/source"
)

// mask says which fields of a part of an object its author wrote, by one of two ways in which that is on record.
type mask struct {
	// node is the same part in the configuration that kubectl apply left, or in the fields (FieldsV1) of a server-side apply.
	node   source.Node
	fields bool
}

// masksOf returns what is on record of the authors of an object; none for one that was created some other way.
func masksOf(meta source.Node) (masks []mask) {
	for _, m := range meta.Get("managedFields").Resolve().Items() {
		if m.Get("operation").Text() == "Apply" && m.Get("subresource").IsZero() {
			if f := m.Get("fieldsV1"); f.Kind() == source.Mapping {
				masks = append(masks, mask{f, true})
			}
		}
	}
	if text := meta.Get("annotations").Get("kubectl.kubernetes.io/last-applied-configuration").Text(); text != "" {
		if doc := source.Parse("", readable([]byte(text))).Docs[0]; doc.Err == nil && doc.Root.Kind() == source.Mapping {
			masks = append(masks, mask{doc.Root, false})
		}
	}
	return masks
}

// descend returns the masks of a field; none when nobody wrote it.
func descend(masks []mask, key string) (below []mask) {
	for _, m := range masks {
		if m.fields {
			if m.node.Len() == 0 { // a list or mapping that is owned as a whole
				below = append(below, m)
			} else if n := m.node.Get("f:" + key); !n.IsZero() {
				below = append(below, mask{n, true})
			}
		} else if n := m.node.Get(key); !n.IsZero() {
			below = append(below, mask{n, false})
		}
	}
	return below
}

// descendItem returns the masks of the i-th item of a list.
func descendItem(masks []mask, item source.Node, i int) (below []mask) {
	for _, m := range masks {
		switch {
		case !m.fields:
			if n := sameItem(m.node, item, i); !n.IsZero() {
				below = append(below, mask{n, false})
			}
		case m.node.Len() == 0:
			below = append(below, m)
		default:
			for e := range m.node.Entries() {
				if means(e.Key.Text(), item, i) {
					below = append(below, mask{e.Value, true})
				}
			}
		}
	}
	return below
}

// identity are the fields by which items of lists are told apart, the most telling first.
var identity = []string{"name", "containerPort", "port", "mountPath", "ip", "key", "type"}

// sameItem finds the item of another form of the same list: by what tells items apart, else by its place.
func sameItem(list, item source.Node, i int) source.Node {
	if item.Kind() == source.Mapping {
		for _, key := range identity {
			want := item.Get(key)
			if want.IsZero() || want.Kind() != source.Scalar {
				continue
			}
			if at := list.Item(i); at.Get(key).Text() == want.Text() {
				return at
			}
			for _, x := range list.Items() {
				if x.Get(key).Text() == want.Text() {
					return x
				}
			}
			return source.Node{}
		}
	}
	return list.Item(i)
}

// means reports whether a path element of FieldsV1 means an item: k:{"name":"app"} by its keys, v:"x" by its value, i:0 by its index
// (sigs.k8s.io/structured-merge-diff, fieldpath/serialize-pe.go).
func means(element string, item source.Node, i int) bool {
	prefix, rest, _ := strings.Cut(element, ":")
	switch prefix {
	case "i":
		return rest == strconv.Itoa(i)
	case "v":
		return source.Parse("", []byte(rest)).Docs[0].Root.Text() == item.Text()
	case "k":
		for e := range source.Parse("", []byte(rest)).Docs[0].Root.Entries() {
			if item.Get(e.Key.Text()).Text() != e.Value.Text() {
				return false
			}
		}
		return true
	}
	return false
}
