// A cart that Redis keeps, by go-redis.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/redis/go-redis/v9"
)

func main() {
	options, err := redis.ParseURL(os.Getenv("STORE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	store := redis.NewClient(options)
	http.HandleFunc("/", func(answer http.ResponseWriter, request *http.Request) {
		count, err := store.Incr(request.Context(), "cart").Result()
		if err != nil {
			log.Printf("cart: %v", err)
			http.Error(answer, "", http.StatusInternalServerError)
			return
		}
		fmt.Fprint(answer, count)
	})
	log.Fatal(http.ListenAndServe(":8000", nil))
}
