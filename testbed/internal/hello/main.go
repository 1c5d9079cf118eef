// Command hello is what the test of a node runs in its pods: without an argument a server that says hello, with one a client that
// asks that URL until it hears it.
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"
)

func main() {
	if len(os.Args) == 1 {
		http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") })
		log.Fatal(http.ListenAndServe(":8080", nil))
	}
	for ; ; time.Sleep(time.Second) {
		if said, err := ask(os.Args[1]); err != nil {
			log.Print(err)
		} else if said == "hello\n" {
			log.Print("heard hello")
			return
		}
	}
}

func ask(url string) (string, error) {
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}
