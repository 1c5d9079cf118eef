// Sessionstore stands in for Redis where there is none to be had: the testbed makes images from Go programs. It speaks as much of the
// protocol as koreserver asks, keeps everything in memory, and forgets it when it ends, as a Redis without a disk does.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

func main() {
	listen := flag.String("listen", ":6379", "where it listens")
	flag.Parse()
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-stop
		os.Exit(0)
	}()
	log.Fatal(serve(l))
}

// store is safe for concurrent use.
type store struct {
	mu      sync.Mutex
	items   map[string]int64
	expires map[string]time.Time
}

// serve answers connections until l is closed.
func serve(l net.Listener) error {
	s := &store{items: map[string]int64{}, expires: map[string]time.Time{}}
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			in := bufio.NewReader(conn)
			for {
				words, err := command(in)
				if err == io.EOF {
					return
				} else if err != nil {
					fmt.Fprintf(conn, "-ERR Protocol error: %v\r\n", err)
					return
				}
				if _, err := io.WriteString(conn, s.reply(words, time.Now())+"\r\n"); err != nil {
					return
				}
			}
		}()
	}
}

// reply carries out one command.
func (s *store) reply(words []string, now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch name := strings.ToUpper(words[0]); {
	case name == "PING" && len(words) == 1:
		return "+PONG"
	case name == "INCRBY" && len(words) == 3:
		n, err := strconv.ParseInt(words[2], 10, 64)
		if err != nil {
			return "-ERR value is not an integer or out of range"
		}
		if end, ok := s.expires[words[1]]; ok && now.After(end) {
			delete(s.items, words[1])
			delete(s.expires, words[1])
		}
		s.items[words[1]] += n
		return fmt.Sprintf(":%d", s.items[words[1]])
	case name == "EXPIRE" && len(words) == 3:
		seconds, err := strconv.Atoi(words[2])
		if err != nil {
			return "-ERR value is not an integer or out of range"
		}
		if _, ok := s.items[words[1]]; !ok {
			return ":0"
		}
		s.expires[words[1]] = now.Add(time.Duration(seconds) * time.Second)
		return ":1"
	default:
		return fmt.Sprintf("-ERR unknown command '%s', with %d arguments", name, len(words)-1)
	}
}

// command reads an array of bulk strings. io.EOF is the end between two commands.
func command(in *bufio.Reader) ([]string, error) {
	number := func(mark string, least, most int) (int, error) {
		line, err := in.ReadString('\n')
		if err != nil {
			return 0, err
		}
		n, err := strconv.Atoi(strings.TrimPrefix(strings.TrimRight(line, "\r\n"), mark))
		if err != nil || !strings.HasPrefix(line, mark) || n < least || n > most {
			return 0, fmt.Errorf("%q where %s and a number were expected", line, mark)
		}
		return n, nil
	}
	n, err := number("*", 1, 16)
	if err != nil {
		return nil, err
	}
	words := make([]string, n)
	for i := range words {
		size, err := number("$", 0, 4096)
		if err != nil {
			return nil, err
		}
		word := make([]byte, size+2) // with the end of the line
		if _, err := io.ReadFull(in, word); err != nil {
			return nil, err
		}
		words[i] = string(word[:size])
	}
	return words, nil
}
