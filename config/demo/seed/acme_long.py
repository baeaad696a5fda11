"""One long conversation: furnishing a kitchen takes a while."""

from config.demo.seed.talk import MINUTE, Talk

KITCHEN = Talk(
    "Eduardo Tavares",
    "5511999120045",
    41 * MINUTE,
    """
    < Oi, boa tarde! Estou montando a cozinha do apê novo e preciso de ajuda
    > Oi, Eduardo, boa tarde! Que fase boa 😄 Me conta: o que já tem e o que falta?
    < Tenho fogão e geladeira. Falta basicamente todo o resto
    > Vamos por partes, então. Mesa ou bancada com banquetas?
    < Bancada. Ela tem 1,80 m
    > Cabem três banquetas com folga. Altura da bancada?
    < Deixa eu medir
    < 92 cm
    > Então a banqueta ideal tem 65 cm de assento.
    < Vocês têm dessa altura?
    > Temos cinco modelos. Prefere madeira ou metal?
    < Madeira clara
    > A Ipê e a Lagoa são as mais procuradas. R$ 389 e R$ 459 cada.
    < Qual é mais confortável?
    > A Lagoa tem encosto. Para jantar demorado, ela ganha.
    < Lagoa então. Três
    > Anotado: 3 banquetas Lagoa.
    < E pendente pra cima da bancada?
    > Dois pendentes pequenos ou um trilho com três focos?
    < Minha namorada quer dois pendentes
    > Ela tem bom gosto! O pendente Sino de cerâmica combina com a Lagoa.
    <[image:wall] A parede é dessa cor
    > Que verde lindo. Iria de Sino na cor creme.
    < Preço?
    > R$ 279 cada, com a lâmpada de filamento.
    < Fechado, dois
    ---
    < Bom dia! Voltei. Agora panelas
    > Bom dia! Fogão de indução ou a gás?
    < Indução
    > Então as de fundo triplo. O jogo de 5 peças está R$ 899.
    < Tem algo menor? Somos só dois
    > O de 3 peças, R$ 549: caçarola, frigideira e leiteira.
    < Esse
    > Anotado.
    < E faqueiro?
    > O Serra, 24 peças em inox fosco, R$ 329.
    < Precisa de 24?
    > Para receber amigos, sim 😉 Mas tem o de 16 por R$ 239.
    < 16 tá ótimo
    > Feito!
    < Pratos vocês têm avulsos?
    > Temos. A linha Barro é artesanal, cada peça é um pouco diferente.
    < Gostei da ideia. Quantos você levaria?
    > Seis rasos, seis fundos e seis de sobremesa.
    < Então seis de cada
    > 18 peças da linha Barro, R$ 612 no total.
    < Tá ficando caro kkk
    > Fazendo as contas, você entra na faixa de 10% de desconto.
    < Opa! Aí sim
    > Desconto já aplicado.
    ---
    < Oi de novo, a medida da sala de jantar também entra?
    > Claro! Me manda que eu confiro.
    < 3,20 por 2,80
    > Dá uma mesa redonda de 1,10 m com quatro cadeiras.
    < Essa fica pro mês que vem. Por ora fecha a cozinha
    > Combinado. Resumo: 3 banquetas, 2 pendentes, 3 panelas, faqueiro de 16 e 18 pratos.
    < Perfeito
    > Total com desconto: R$ 3.127,50, frete grátis.
    < Parcela em quantas?
    > Até 10x sem juros.
    < 10x então
    > Link de pagamento enviado para o seu e-mail.
    < Pago! Chega quando?
    > Na quarta, entre 13h e 17h. A montagem das banquetas está inclusa.
    < Vocês são demais
    < Ah, o porteiro precisa do nome de quem entrega
    """,
    unread=2,
)
