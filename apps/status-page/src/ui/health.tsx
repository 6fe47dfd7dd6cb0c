import { healthCards } from "../model/health.ts";
import type { HealthCard } from "../model/health.ts";
import type { App } from "../state/app.ts";
import { now } from "../state/clock.ts";
import { Badge, Since, StaleNote } from "./small.tsx";

export const Health = ({ app }: { app: App }) => {
  const cards = healthCards(app.status.reading.value, now.value);
  return (
    <section aria-labelledby="services">
      <h2 id="services">Services</h2>
      {cards.length === 0 ? <p class="empty">Asking …</p> : null}
      <div class="cards">
        {cards.map((card) => (
          <Card key={card.id} card={card} />
        ))}
      </div>
    </section>
  );
};

const Card = ({ card }: { card: HealthCard }) => (
  <article class={`card health ${card.staleMs > 0 ? "stale" : ""}`} data-card={card.id}>
    <h3>
      {card.title} <Badge tone={card.tone}>{card.state}</Badge>
    </h3>
    {card.since === undefined ? null : (
      <p class="since">
        for <Since at={card.since} />
      </p>
    )}
    {card.trouble.map((text) => (
      <p class="trouble">{text}</p>
    ))}
    <StaleNote ms={card.staleMs} reason={card.trouble.length > 0 ? undefined : card.staleReason} />
    <dl>
      {card.facts.map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  </article>
);
