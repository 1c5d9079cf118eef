package goldenpath

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/fairway-k8s/fairway/internal/source"
)

// Type is what a parameter holds.
type Type string

// The types of parameters. In expressions, durations are whole seconds, amounts of CPU thousandths of a core and amounts of memory
// bytes, all as int.
const (
	String   Type = "string"
	Name     Type = "name"     // an RFC 1123 label: the name of an object
	Host     Type = "host"     // a DNS name
	Registry Type = "registry" // a host, with a port and folders if need be, that images are pulled from
	FileName Type = "file"     // a file's name, without a folder
	Folder   Type = "folder"   // an absolute path
	Image    Type = "image"    // an image reference with a tag or a digest
	Int      Type = "int"      //
	Port     Type = "port"     // 1 to 65535
	Bool     Type = "bool"     //
	Duration Type = "duration" // 45s, 2m, 1h30m
	CPU      Type = "cpu"      // 250m, 0.25, 2
	Memory   Type = "memory"   // 512Mi, 2Gi
	Object   Type = "object"   // named fields
	List     Type = "list"     // items of one type
)

// form is how the texts of a type are written.
type form struct {
	pattern string
	also    func(text string) bool // what a pattern cannot say, nil for nothing
	refusal string                 // what is said behind a text that is not written so
	matcher func() *regexp.Regexp  // compiled when it is needed: most runs meet few types
}

var forms = map[Type]form{
	Name: newForm(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`, nil, "; a name has lower-case letters, digits and -, begins and ends with a letter or digit, and is at most 63 long"),
	Host: newForm(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$`, func(text string) bool { return len(text) <= 253 }, ", which is no DNS name such as api.example.com"),
	Registry: newForm(`^[a-z0-9]([-.a-z0-9]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$`, func(text string) bool { return strings.ContainsAny(text, ".:") },
		", which is no registry such as registry.example.com or 123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop"),
	FileName: newForm(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,62}$`, nil, "; a file's name has letters, digits, ., _ and -, and no folder before it"),
	Folder:   newForm(`^(/[A-Za-z0-9._-]+)+$`, func(text string) bool { return path.Clean(text) == text }, ", which is no absolute path such as /var/cache"),
	Image: newForm(`^[a-z0-9]+([._-][a-z0-9]+)*(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$`, nil,
		", which is no image reference such as registry.example.com/team/app:1.4.2"),
}

func newForm(pattern string, also func(string) bool, refusal string) form {
	return form{pattern, also, refusal, sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })}
}

// parse turns what stands in a file into the value that expressions see. The error says what is expected, without the parameter's name.
func (t Type) parse(n source.Node) (any, error) {
	n = n.Resolve()
	if n.Kind() != source.Scalar {
		return nil, fmt.Errorf("is no %s", t.title())
	}
	switch t {
	case Bool:
		if v, ok := n.Bool(); ok {
			return v, nil
		}
		return nil, fmt.Errorf("is %s, and must be true or false", n.Raw())
	case Int, Port:
		if v, ok := n.Int(); ok {
			return v, nil
		}
		return nil, fmt.Errorf("is %s, and must be a whole number", n.Raw())
	}
	return t.parseText(n.Text())
}

// parseText is parse for a text, as descriptions write limits and defaults.
func (t Type) parseText(text string) (any, error) {
	if f, ok := forms[t]; ok && (!f.matcher().MatchString(text) || f.also != nil && !f.also(text)) {
		return nil, fmt.Errorf("is %q%s", text, f.refusal)
	}
	switch t {
	case Name:
		if source.Parse("", []byte(text)).Docs[0].Root.Type() != source.StringValue {
			return nil, fmt.Errorf("is %q, which tools that write YAML turn into true, false, null or a number", text)
		}
	case Image:
		return text, checkTag(text)
	case Bool:
		return strconv.ParseBool(text)
	case Int, Port:
		v, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("is %q, and must be a whole number", text)
		}
		return v, nil
	case Duration:
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 || d%time.Second != 0 {
			return nil, fmt.Errorf("is %q, and must be whole seconds with a unit, such as 45s or 2m", text)
		}
		return int64(d / time.Second), nil
	case CPU:
		return amount(text, cpuUnits, "an amount of CPU such as 250m or 2")
	case Memory:
		return amount(text, memoryUnits, "an amount of memory such as 512Mi or 2Gi")
	}
	return text, nil
}

// limit is the type of a parameter's limits: of texts it is the length that is limited.
func (t Type) limit() Type {
	switch t {
	case Int, Port, Duration, CPU, Memory:
		return t
	}
	return Int
}

// movable are tags that mean something else tomorrow.
var movable = []string{"latest", "stable", "main", "master", "dev", "develop", "edge", "nightly", "prod", "production", "staging", "test"}

// checkTag refuses an image under whose name something else may run tomorrow.
func checkTag(image string) error {
	tag, digest := tagOf(image)
	switch {
	case digest:
		return nil
	case tag == "":
		return fmt.Errorf("is %q, without a tag; what runs would change under the same name", image)
	case slices.Contains(movable, tag):
		return fmt.Errorf("is %q, and the tag %s moves; name a version or a digest", image, tag)
	}
	return nil
}

// tagOf returns the tag of an image, "" without one, and whether the image is pinned by a digest as well.
func tagOf(image string) (tag string, digest bool) {
	image, _, digest = strings.Cut(image, "@")
	_, tag, _ = strings.Cut(image[strings.LastIndexByte(image, '/')+1:], ":")
	return tag, digest
}

type unit struct {
	suffix string
	size   int64
}

var (
	cpuUnits    = []unit{{"m", 1}, {"", 1000}}
	memoryUnits = []unit{{"Ki", 1 << 10}, {"Mi", 1 << 20}, {"Gi", 1 << 30}, {"Ti", 1 << 40}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12}, {"", 1}}
	number      = regexp.MustCompile(`^[0-9]{1,12}(\.[0-9]{1,3})?$`)
)

func amount(text string, units []unit, want string) (int64, error) {
	for _, u := range units {
		digits, ok := strings.CutSuffix(text, u.suffix)
		if !ok || !number.MatchString(digits) {
			continue
		}
		whole, fraction, _ := strings.Cut(digits, ".")
		v, err := strconv.ParseInt(whole, 10, 64)
		if err != nil || v > (1<<62)/u.size {
			break
		}
		v *= u.size
		if fraction != "" {
			f, err := strconv.ParseInt((fraction + "00")[:3], 10, 64)
			if err != nil {
				break
			}
			v += f * u.size / 1000
		}
		return v, nil
	}
	return 0, fmt.Errorf("is %q, and must be %s", text, want)
}

// write is the reverse of parseText: the shortest way to write a value of the type.
func (t Type) write(v any) string {
	n, ok := v.(int64)
	switch {
	case !ok:
		return fmt.Sprint(v)
	case t == Duration:
		return writeDuration(n)
	case t == CPU:
		return writeCPU(n)
	case t == Memory:
		return writeMemory(n)
	}
	return strconv.FormatInt(n, 10)
}

func writeCPU(milli int64) string {
	if milli%1000 == 0 {
		return strconv.FormatInt(milli/1000, 10)
	}
	return strconv.FormatInt(milli, 10) + "m"
}

func writeMemory(bytes int64) string {
	for _, u := range []unit{{"Ti", 1 << 40}, {"Gi", 1 << 30}, {"Mi", 1 << 20}, {"Ki", 1 << 10}} {
		if bytes >= u.size && bytes%u.size == 0 {
			return strconv.FormatInt(bytes/u.size, 10) + u.suffix
		}
	}
	return strconv.FormatInt(bytes, 10)
}

// writeDuration writes seconds as a service file would: 45s, 2m, 1h30m.
func writeDuration(seconds int64) string {
	text := (time.Duration(seconds) * time.Second).String()
	if rest, ok := strings.CutSuffix(text, "m0s"); ok {
		text = rest + "m"
	}
	if rest, ok := strings.CutSuffix(text, "h0m"); ok {
		text = rest + "h"
	}
	return text
}

func (t Type) title() string {
	switch t {
	case Name:
		return "name"
	case Host:
		return "DNS name"
	case FileName:
		return "file name"
	case Folder:
		return "path"
	case Image:
		return "image reference"
	case Int:
		return "whole number"
	case Port:
		return "port number"
	case Bool:
		return "true or false"
	case CPU:
		return "amount of CPU"
	case Memory:
		return "amount of memory"
	case Object:
		return "mapping"
	}
	return string(t)
}
